<#
.SYNOPSIS
Ends DWCP v1: on day 7 switches it off, in week 4 deploys an image without it, and writes the report.

.DESCRIPTION
Without -Image the guardian is asked to switch v1 off once nobody has used it for the window and a second person has approved. With -Image the nodes are
replaced by an image without v1; what ran before is archived in the cluster, and a rollback deploys it again.

It may be stopped and started again from the beginning at any time: what is done already is reported as done. It never prompts. It ends in error when an
incident is open, when v1 may not go yet, or when the new image was taken back.

.PARAMETER Image
Image without v1, by digest. Leave it out on day 7.

.PARAMETER Kubeconfig
Path of a kubeconfig; by default that of the environment.

.PARAMETER Context
Context of the kubeconfig; its current one by default.

.PARAMETER Namespace
Namespace that DWCP v3 is deployed in.

.PARAMETER OutputDirectory
Where the report goes.

.PARAMETER Window
How long nobody may have used v1 before it is switched off.

.PARAMETER DisabledFor
How long v1 must have been off before an image without it is deployed.

.PARAMETER WatchFor
How long to wait before ending with Passed = $false. Automation accounts end a job after three hours; start it again then.
#>
[CmdletBinding()]
param(
    [string] $Image,
    [string] $Kubeconfig,
    [string] $Context,
    [string] $Namespace = 'production',
    [string] $OutputDirectory = 'out/deprecation',
    [TimeSpan] $Window = '2.00:00:00',
    [TimeSpan] $DisabledFor = '14.00:00:00',
    [TimeSpan] $WatchFor = '02:45:00'
)

. ([IO.Path]::Combine($PSScriptRoot, 'Rollout.Common.ps1'))

$last = Get-DwcpRollout @cluster
Confirm-Unlocked $last
if ($last.Percent -lt 100) { throw "The rollout is at $($last.Percent) %. v1 can go when everybody is on v3: runbooks/phase-3.md." }

$removal = $null
if (-not $Image) {
    if ($null -eq $last.V1DisabledAt) {
        $last = Remove-DwcpV1 @cluster -Window $Window -NoWait -Confirm:$false
        "v1 is switched off when nobody has used it for $Window. A second person approves it: Approve-DwcpRollout deprecation -Namespace $Namespace -Reason '...'" | Out-Default
    }
    $deadline = [DateTimeOffset]::UtcNow + $WatchFor
    $said = ''
    while ($null -eq $last.V1DisabledAt -and $last.State -notin 'RolledBack', 'RollingBack' -and [DateTimeOffset]::UtcNow -lt $deadline) {
        [Threading.Thread]::Sleep(2000)
        $last = Get-DwcpRollout @cluster
        # The message counts seconds; what it waits for is what is new.
        $waits = "$($last.State)$(if ($last.Message -like '*approval*') { ', waits for approval' })"
        if ($waits -ne $said) {
            $said = $waits
            '{0:HH:mm:ss} {1}: {2}' -f [DateTime]::UtcNow, $last.State, $last.Message | Out-Default
        }
    }
}
else {
    "Replacing the $($last.ReadyPods) nodes by $Image." | Out-Default
    $removal = Remove-DwcpV1 -Image $Image @cluster -DisabledFor $DisabledFor -Confirm:$false
    $removal | Out-Default
    $last = Get-DwcpRollout @cluster
}

$null = Get-DwcpRolloutReport @cluster -OutputDirectory $OutputDirectory
Confirm-Unlocked $last
if ($removal -and -not $removal.Succeeded) { throw "v1 was not removed: $($removal.Steps -join ' ')" }

$passed = if ($removal) { $removal.Succeeded } else { $null -ne $last.V1DisabledAt }
if (-not $passed) { "v1 is still on: $($last.Message) Start this runbook again to go on waiting; the guardian works meanwhile." | Out-Default }
[pscustomobject]@{
    Passed = $passed
    V1DisabledAt = $last.V1DisabledAt
    V1Quiet = $last.V1Quiet
    Archive = $removal.Archive
    State = $last.State
    Message = $last.Message
    OutputDirectory = $OutputDirectory
}
