<#
.SYNOPSIS
Deploys a release of DWCP v3 at 0 % and validates it: the way into production.

.DESCRIPTION
Applies the manifests, waits until every workload is ready, runs the validation and reports its decision. No client is on v3 afterwards.
It may be started again from the beginning: applying changes only what differs, and validating anew replaces the record. It never prompts,
and ends in error unless the decision is GO, or REVIEW that a second person may still approve.

.PARAMETER Kubeconfig
Path of a kubeconfig; by default that of the environment.

.PARAMETER Context
Context of the kubeconfig; its current one by default.

.PARAMETER Namespace
Namespace to deploy in.

.PARAMETER Values
Values file; see module/assets/kubernetes/values.yaml.

.PARAMETER Image
Image of node and guardian. Not needed for production, which gets the image of the GO.

.PARAMETER Release
Version that is deployed.

.PARAMETER DataAddress
host:port at which clients reach the data port, for the validation's transfers.

.PARAMETER Profile
Targets of the validation.

.PARAMETER StagingNamespace
Where the release was staged and got its GO: production gets only that.

.PARAMETER AllowProduction
Needed once the namespace is called production.

.PARAMETER OutputDirectory
Where the validation report goes.
#>
[CmdletBinding()]
param(
    [string] $Kubeconfig,
    [string] $Context,
    [string] $Namespace = 'production',
    [string] $Values,
    [string] $Image,
    [string] $Release,
    [string] $DataAddress,
    [string] $Profile = 'Production',
    [string] $StagingNamespace,
    [switch] $AllowProduction,
    [string] $OutputDirectory = 'out/deployment'
)

$ErrorActionPreference = 'Stop'
$OutputDirectory = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($OutputDirectory)
$cluster = @{ Namespace = $Namespace }
if ($Kubeconfig) { $cluster.Kubeconfig = $Kubeconfig }
if ($Context) { $cluster.Context = $Context }
$deploy = @{}
foreach ($name in 'Values', 'Image', 'Release', 'StagingNamespace') { if ($PSBoundParameters.ContainsKey($name)) { $deploy[$name] = $PSBoundParameters[$name] } }
if ($AllowProduction) { $deploy.AllowProduction = $true }

# A release is exchanged at 0 %: a rollout of the one before would be judged by the nodes of the next.
try {
    $rollout = Get-DwcpRollout @cluster
    if ($rollout.Percent -gt 0) { throw "v3 is at $($rollout.Percent) % in $Namespace. Lower it first: Set-DwcpRollout 0 -Namespace $Namespace" }
}
catch {
    # Nothing to lower: there is no rollout, or not even the kind of resource.
    if ($_.FullyQualifiedErrorId -notlike 'Dwcp.Rollout.NoRollout*' -and $_.FullyQualifiedErrorId -notlike 'Dwcp.Cluster.NotFound*') { throw }
}

$staging = New-DwcpStaging @cluster @deploy -Confirm:$false
if (-not $staging.IsReady) { throw "Not every workload in $Namespace is ready; kubectl -n $Namespace get pods shows which." }
$staging | Out-Default

$validate = @{ Profile = $Profile; OutputDirectory = $OutputDirectory }
if ($DataAddress) { $validate.DataAddress = $DataAddress }
$report = Invoke-DwcpValidation @cluster @validate
$report.Categories | Out-Default
if ($report.Decision -notin 'Go', 'Review') { throw "The validation says $($report.DecisionText): $($report.Reason) The report is in $OutputDirectory." }
if ($report.Decision -eq 'Review') {
    "REVIEW: a second person reads $OutputDirectory and decides with Approve-DwcpValidation -Namespace $Namespace -Reason '...'." | Out-Default
}
[pscustomobject]@{
    Namespace = $Namespace
    Release = $staging.Release
    Decision = $report.DecisionText
    Reason = $report.Reason
    OutputDirectory = $OutputDirectory
}
