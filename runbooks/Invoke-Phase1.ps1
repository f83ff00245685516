<#
.SYNOPSIS
Phase 1 of the rollout of DWCP v3: 10 % of the clients.

.DESCRIPTION
Calls Invoke-RolloutPhase.ps1, which explains the parameters, for phase-1. The procedure is in phase-1.md.
#>
[CmdletBinding()]
param(
    [string] $Kubeconfig,
    [string] $Context,
    [string] $Namespace = 'production',
    [string] $OutputDirectory = 'out/phase-1',
    [TimeSpan] $WatchFor = '02:45:00',
    [TimeSpan] $Soak,
    [long] $MinimumRequests,
    [TimeSpan] $CheckInterval
)

$given = @{} + $PSBoundParameters
$given.Namespace = $Namespace
$given.OutputDirectory = $OutputDirectory
& ([IO.Path]::Combine($PSScriptRoot, 'Invoke-RolloutPhase.ps1')) -Phase phase-1 @given
