<#
.SYNOPSIS
What the runbooks of a rollout's phases and of its end share. They dot-source it, after their parameters; it does nothing by itself.

.DESCRIPTION
Needs $Namespace, $Kubeconfig, $Context and $OutputDirectory of the runbook, and leaves $cluster, for splatting, and an absolute $OutputDirectory.
Invoke-EmergencyRollback.ps1 stands alone on purpose: it needs no other file.
#>
$ErrorActionPreference = 'Stop'
$OutputDirectory = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($OutputDirectory)
$cluster = @{ Namespace = $Namespace }
if ($Kubeconfig) { $cluster.Kubeconfig = $Kubeconfig }
if ($Context) { $cluster.Context = $Context }

# Ends the runbook while an incident is open, with the incident's report where there is one.
function Confirm-Unlocked($Observation) {
    if ($null -eq $Observation.Lock) { return }
    $report = "the incident report is in $OutputDirectory."
    try { $null = Export-DwcpIncidentReport @cluster -Incident $Observation.Lock.Incident -OutputDirectory $OutputDirectory }
    catch { $report = "there is no incident report: $($_.Exception.Message)" }
    throw "Incident $($Observation.Lock.Incident) is open ($($Observation.Lock.Reason)). Follow runbooks/emergency-rollback.md from 'After the rollback'; $report"
}
