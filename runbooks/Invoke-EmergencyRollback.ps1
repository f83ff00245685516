<#
.SYNOPSIS
Takes every client off DWCP v3, now.

.DESCRIPTION
The flag goes to 0 before anything else; then every pod proves that it starts no v3 session, logs and metrics are saved, the pods are
restarted and verified. Needs neither guardian nor Prometheus. It never prompts, and starting it again does no harm: it proves anew.
It ends in error when a pod could not prove it; what failed after the proof is a warning.

.PARAMETER Reason
Why, for the report and for those who come later.

.PARAMETER Kubeconfig
Path of a kubeconfig; by default that of the environment.

.PARAMETER Context
Context of the kubeconfig; its current one by default.

.PARAMETER Namespace
Namespace that DWCP v3 is deployed in.

.PARAMETER NoRestart
Leaves the pods running after the proof.

.PARAMETER OutputDirectory
Where logs, metrics and the incident report go.
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory)] [string] $Reason,
    [string] $Kubeconfig,
    [string] $Context,
    [string] $Namespace = 'production',
    [switch] $NoRestart,
    [string] $OutputDirectory = 'out/incident'
)

$ErrorActionPreference = 'Stop'
$cluster = @{ Namespace = $Namespace }
if ($Kubeconfig) { $cluster.Kubeconfig = $Kubeconfig }
if ($Context) { $cluster.Context = $Context }
$report = Invoke-DwcpRollback $Reason @cluster -OutputDirectory $OutputDirectory -NoRestart:$NoRestart -Force
$report
if (-not $report.Proven) {
    throw "The flag is 0, but not every pod proved that it starts no v3 session: $($report.Problems -join ' ') Delete these pods by hand: kubectl -n $Namespace delete pod NAME --grace-period=0 --force"
}
