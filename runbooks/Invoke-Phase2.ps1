<#
.SYNOPSIS
Phase 2 of the rollout of DWCP v3: 50 % of the clients.

.DESCRIPTION
Calls Invoke-RolloutPhase.ps1, which explains the parameters, for phase-2. The procedure is in phase-2.md.
#>
[CmdletBinding()]
param(
    [string] $Kubeconfig,
    [string] $Context,
    [string] $Namespace = 'production',
    [string] $OutputDirectory = 'out/phase-2',
    [TimeSpan] $WatchFor = '02:45:00',
    [TimeSpan] $Soak,
    [long] $MinimumRequests,
    [TimeSpan] $CheckInterval
)

$given = @{} + $PSBoundParameters
$given.Namespace = $Namespace
$given.OutputDirectory = $OutputDirectory
& ([IO.Path]::Combine($PSScriptRoot, 'Invoke-RolloutPhase.ps1')) -Phase phase-2 @given
