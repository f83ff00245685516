<#
.SYNOPSIS
Takes one phase of a DWCP v3 rollout: asks for it, watches the guardian carry it out, and writes its report.

.DESCRIPTION
The guardian in the cluster does the work. This runbook only asks, waits and reports, so it may be stopped, killed and started again from
the beginning at any time: what has been asked for is not asked for again, a phase that is passed is reported as passed, and a percent is
never lowered. It never prompts. It ends in error when v3 was rolled back or an incident is open.

Invoke-Phase1.ps1, Invoke-Phase2.ps1 and Invoke-Phase3.ps1 call it for the three phases of production.

.PARAMETER Phase
Name of the phase, for example phase-1.

.PARAMETER Kubeconfig
Path of a kubeconfig; by default that of the environment.

.PARAMETER Context
Context of the kubeconfig; its current one by default.

.PARAMETER Namespace
Namespace that DWCP v3 is deployed in.

.PARAMETER OutputDirectory
Where the report goes.

.PARAMETER WatchFor
How long to wait before ending with Passed = $false. Automation accounts end a job after three hours; start it again then.

.PARAMETER Soak
Soak of every phase, for rehearsals. Production keeps 24, 24 and 72 hours.

.PARAMETER MinimumRequests
Requests that every phase needs, for rehearsals.

.PARAMETER CheckInterval
Time between the guardian's checks; that of the rollout, or 30 s, when absent.
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory)] [string] $Phase,
    [string] $Kubeconfig,
    [string] $Context,
    [string] $Namespace = 'production',
    [string] $OutputDirectory = 'out/rollout',
    [TimeSpan] $WatchFor = '02:45:00',
    [TimeSpan] $Soak,
    [long] $MinimumRequests,
    [TimeSpan] $CheckInterval
)

. ([IO.Path]::Combine($PSScriptRoot, 'Rollout.Common.ps1'))

# What the rollout is now; nothing when nobody has asked for one yet.
function Read-Rollout {
    try { Get-DwcpRollout @cluster }
    catch {
        if ($_.FullyQualifiedErrorId -notlike 'Dwcp.Rollout.NoRollout*') { throw }
    }
}

$before = Read-Rollout
if ($before) { Confirm-Unlocked $before }

$ask = @{}
if ($PSBoundParameters.ContainsKey('Soak') -or $PSBoundParameters.ContainsKey('MinimumRequests')) {
    $requests = if ($MinimumRequests) { $MinimumRequests } else { 1000 }
    $ask.Plan = foreach ($step in @(('phase-1', 10), ('phase-2', 50), ('phase-3', 100))) {
        @{ Name = $step[0]; Percent = $step[1]; Soak = $Soak; MinimumRequests = $requests }
    }
}
if ($PSBoundParameters.ContainsKey('CheckInterval')) { $ask.CheckInterval = $CheckInterval }

# The percent that the phase stands for; before the first request the guardian's defaults hold, which are those of the plan above.
$percents = @{ 'phase-1' = 10; 'phase-2' = 50; 'phase-3' = 100 }
if ($before) { foreach ($known in $before.Rollout.Spec.Phases) { $percents[$known.Name] = $known.Percent } }
if (-not $percents.ContainsKey($Phase)) { throw "There is no phase $Phase. Phases: $(($percents.Keys.ForEach({ $_ })) -join ', ')." }
$percent = $percents[$Phase]

if ($before -and $before.TargetPercent -ge $percent) {
    "$Phase ($percent %) has been asked for already; the target is $($before.TargetPercent) %." | Out-Default
}
else {
    $asked = Set-DwcpRollout -Phase $Phase @cluster @ask -NoWait -Confirm:$false
    "$Phase ($percent %) is asked for. A second person approves it: Approve-DwcpRollout $Phase -Namespace $Namespace -Reason '...'" | Out-Default
    Confirm-Unlocked $asked
}

# Passed: above the phase, or at its end with everything it needs.
function Test-Passed($Observation) {
    $Observation.Percent -gt $percent -or ($Observation.Percent -eq $percent -and $Observation.State -eq 'Completed')
}

$deadline = [DateTimeOffset]::UtcNow + $WatchFor
$last = Read-Rollout
while (-not (Test-Passed $last) -and $last.State -notin 'RolledBack', 'RollingBack' -and [DateTimeOffset]::UtcNow -lt $deadline) {
    # In parts, so that a percent above the phase's, asked for by somebody else, is noticed too.
    $part = [Math]::Min(60, [Math]::Max(1, ($deadline - [DateTimeOffset]::UtcNow).TotalSeconds))
    $said = $last.Message
    Get-DwcpRollout @cluster -Watch -WatchFor ([TimeSpan]::FromSeconds($part)) | ForEach-Object {
        $last = $_
        if ($_.Message -ne $said) {
            $said = $_.Message
            '{0:HH:mm:ss} {1} at {2} %: {3}' -f $_.Time.UtcDateTime, $_.State, $_.Percent, $_.Message | Out-Default
        }
    }
    # The watch ends at once when the rollout rests; the guardian may just be about to take up what was asked for.
    if (-not (Test-Passed $last)) { [Threading.Thread]::Sleep(500) }
}

# A rollback under way is waited for: its report is what the next reader needs.
for ($i = 0; $last.State -eq 'RollingBack' -and $i -lt 20; $i++) {
    Get-DwcpRollout @cluster -Watch -WatchFor '00:00:15' | ForEach-Object { $last = $_ }
}
$null = Get-DwcpRolloutReport @cluster -OutputDirectory $OutputDirectory
Confirm-Unlocked $last

$passed = Test-Passed $last
if (-not $passed) { "$Phase is not passed yet: $($last.Message) Start this runbook again to go on waiting; the guardian works meanwhile." | Out-Default }
[pscustomobject]@{
    Phase = $Phase
    Percent = $last.Percent
    Passed = $passed
    State = $last.State
    TimeRemaining = $last.TimeRemaining
    RequestsRemaining = $last.RequestsRemaining
    Message = $last.Message
    OutputDirectory = $OutputDirectory
}
