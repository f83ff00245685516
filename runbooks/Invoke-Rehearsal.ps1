<#
.SYNOPSIS
The whole life of a DWCP v3 release on this machine: staged, validated, approved, used, rolled out, broken, rolled back.

.DESCRIPTION
Every step is real: the pods are processes, the transfers move data, the guardian decides alone. A step that is not as it should be
ends the story with exit code 1. 'dwcp rehearse' runs it.

.PARAMETER OutputDirectory
Where the reports go.

.PARAMETER Rate
Requests per second of the live traffic.

.PARAMETER Seed
Seed of the live traffic.

.PARAMETER NodeProgram
The program that the node pods run, such as the published dwcpd of an image; the build beside dwcp by default.
#>
[CmdletBinding()]
param(
    [string] $OutputDirectory = 'out/rehearsal',
    [double] $Rate = 20,
    [int] $Seed = 20,
    [string] $NodeProgram
)

$ErrorActionPreference = 'Stop'
$namespace = 'staging'
$OutputDirectory = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($OutputDirectory)
$null = [IO.Directory]::CreateDirectory($OutputDirectory)

# What the story must show; each claim is checked where it is made.
function Confirm-That([bool] $Condition, [string] $Otherwise) {
    if (-not $Condition) { throw $Otherwise }
}

$report = @{ OutputDirectory = $OutputDirectory }
try {
    Write-DwcpStep 'A cluster comes up' {
        $program = if ($NodeProgram) { @{ NodeProgram = $NodeProgram } } else { @{} }
        $cluster = Start-DwcpRehearsalCluster @program
        $admin = @{ Kubeconfig = $cluster.KubeconfigPath; Namespace = $namespace }
        $operator = $admin + @{ Context = 'alice@rehearsal' }
        $approver = $admin + @{ Context = 'bob@rehearsal' }
        $cluster | Out-Default
    }

    Write-DwcpStep 'DWCP v3 is staged on it' {
        $staging = New-DwcpStaging @admin -Values ([IO.Path]::Combine($PSScriptRoot, 'rehearsal-values.yaml')) -Confirm:$false
        Confirm-That $staging.IsReady 'Not every workload is ready after staging.'
        $staging | Out-Default
        # What a cluster's administrator does once: who may ask for traffic, and who may approve it.
        $cluster | Grant-DwcpRehearsalRole -Namespace $namespace -Group operators -Role dwcp-viewer, dwcp-operator -ClusterRole dwcp-validator
        $cluster | Grant-DwcpRehearsalRole -Namespace $namespace -Group approvers -Role dwcp-viewer, dwcp-approver
    }

    Write-DwcpStep 'Live traffic begins, all of it on v1' {
        $credential = Get-DwcpCredential @admin
        $traffic = $credential | Start-DwcpRehearsalTraffic -Rate $Rate -Seed $Seed
        $report.Traffic = $traffic
        $counts = Wait-DwcpRehearsalTraffic $traffic -Acknowledged $Rate
        Confirm-That ($counts.V3.Acknowledged -eq 0) 'v3 took traffic at 0 %.'
        $counts | Out-Default
    }

    Write-DwcpStep 'Validation: eight categories, targets of profile Rehearsal' {
        $validation = Invoke-DwcpValidation @operator -Profile Rehearsal -DataAddress $credential.DataAddress -OutputDirectory $OutputDirectory
        $report.Validation = $validation
        $validation.Categories | Out-Default
        $validation.Checks.Where({ $_.Status -in 'Fail', 'Error' }) | Out-Default
        Confirm-That ($validation.Decision -in 'Go', 'Review') "Validation says $($validation.DecisionText): $($validation.Reason)"
    }

    Write-DwcpStep 'A second person approves: GO' {
        $validation = $validation | Approve-DwcpValidation @approver -Reason 'Every blocking category is complete; what is open belongs to the rehearsal machine.' -Confirm:$false
        $report.Validation = $validation
        Confirm-That ($validation.Decision -eq 'Go') "After the approval it is still $($validation.DecisionText): $($validation.Reason)"
        $validation | Out-Default
    }

    Write-DwcpStep 'Real data moves: sent, received back, compared' {
        $source = [IO.Path]::Combine($PSScriptRoot, '..', 'module')
        $copy = [IO.Path]::Combine($OutputDirectory, 'received')
        if ([IO.Directory]::Exists($copy)) { [IO.Directory]::Delete($copy, $true) }
        $sent = $credential | Start-DwcpTransfer -Path $source -Destination 'rehearsal/module'
        $received = $credential | Start-DwcpTransfer -Receive -Path $copy -Source 'rehearsal/module'
        $sent, $received | Out-Default
        Confirm-That ($sent.Hash -eq $received.Hash) "Sent $($sent.Hash), received $($received.Hash)."
        $sha = [Security.Cryptography.SHA256]::Create()
        $files = [IO.Directory]::GetFiles($source, '*', 'AllDirectories')
        Confirm-That ($files.Count -gt 0) "There is nothing in $source."
        foreach ($file in $files) {
            $other = [IO.Path]::Combine($copy, [IO.Path]::GetRelativePath($source, $file))
            $same = [Convert]::ToHexString($sha.ComputeHash([IO.File]::ReadAllBytes($file))) -eq [Convert]::ToHexString($sha.ComputeHash([IO.File]::ReadAllBytes($other)))
            Confirm-That $same "$other differs from $file."
        }
        [IO.Directory]::Delete($copy, $true)
    }

    Write-DwcpStep 'The owners attest, and the gates of data and rollout open' {
        foreach ($owner in 'Tech', 'DevOps', 'Security', 'Product') {
            $null = Approve-DwcpReadiness $owner @approver -Reason 'Rehearsed on this machine.' -Confirm:$false
        }
        foreach ($name in 'Transfer', 'Rollout') {
            $gate = Invoke-DwcpGate $name @operator -Profile Rehearsal
            $gate | Out-Default
            Confirm-That ($gate.ExitCode -eq 0) "The gate $name is shut: $($gate.Results.Where({ $_.Status -in 'Fail', 'Error' }).ForEach({ "$($_.Id): $($_.Message)" }) -join '; ')"
        }
    }

    Write-DwcpStep 'Rollout to 10 %: asked for by alice, approved by bob, carried out by the guardian' {
        # The soak is longer than the story: the phase must still be on when the fault comes.
        $plan = @{ Name = 'phase-1'; Percent = 10; Soak = '01:00:00'; MinimumRequests = 1000 }
        # Nodes, clients, API server and guardian share this machine's cores: a request may take a second here, 100 ms in a datacentre. The report shows the limit.
        $asked = Set-DwcpRollout 10 @operator -Plan $plan -CheckInterval '00:00:01' -Limit @{ SlowMilliseconds = 1000 } -NoWait -Confirm:$false
        Confirm-That ($asked.Percent -eq 0) 'The percent rose without an approval.'
        $null = Approve-DwcpRollout phase-1 @approver -Reason 'Validation is GO, traffic is normal.' -Confirm:$false
        Get-DwcpRollout @operator -Watch -UntilApplied -WatchFor '00:00:45' | Write-DwcpObservation -LastVariable observation
        Confirm-That ($observation.Percent -eq 10 -and $observation.AppliedPods -ge 2) "After 45 s: $($observation.State) at $($observation.Percent) %, applied by $($observation.AppliedPods) pods. $($observation.Message)"
    }

    Write-DwcpStep 'v3 holds: the evidence stays clear under live traffic' {
        $counts = Wait-DwcpRehearsalTraffic $traffic -AcknowledgedV3 10 -Timeout '00:01:00'
        $counts | Out-Default
        # A pod that answers late freezes the rollout until the next check.
        for ($look = 0; $look -lt 30; $look++) {
            $observation = Get-DwcpRollout @operator
            if ($observation.State -ne 'Frozen') { break }
            [Threading.Thread]::Sleep(1000)
        }
        $observation | Out-Default
        Confirm-That ($observation.State -eq 'Soaking') "The rollout is $($observation.State): $($observation.Message)"
        Confirm-That ($observation.V3.Errors -eq 0) "v3 had $($observation.V3.Errors) errors without a fault."
    }

    Write-DwcpStep 'A fault: half of the requests on v3 fail; the guardian rolls back by itself' {
        $before = Get-DwcpRehearsalTraffic $traffic
        $faultAt = [DateTimeOffset]::UtcNow
        $report.FaultAt = $faultAt
        $cluster | Add-DwcpRehearsalFault -Version v3 -FailShare 0.5
        Get-DwcpRollout @operator -Watch -WatchFor '00:01:00' | Write-DwcpObservation -LastVariable observation
        Confirm-That ($observation.State -in 'RollingBack', 'RolledBack') "60 s after the fault the rollout is $($observation.State) at $($observation.Percent) %: $($observation.Message)"
        Confirm-That ($observation.Percent -eq 0) "60 s after the fault v3 is still at $($observation.Percent) %."
        if ($observation.State -eq 'RollingBack') {
            Get-DwcpRollout @operator -Watch -WatchFor '00:01:00' | Write-DwcpObservation -LastVariable observation
        }
        Confirm-That ($observation.State -eq 'RolledBack') "The rollback did not end: $($observation.Message)"
        # What the clients met, not what the pods tell: their counters began anew with the restart.
        $after = Get-DwcpRehearsalTraffic $traffic
        Confirm-That ($after.V3.FailedAttempts -gt $before.V3.FailedAttempts) 'The fault hit nobody: it proves nothing.'
    }

    Write-DwcpStep 'The incident report, from what the guardian left in the cluster' {
        $incident = Export-DwcpIncidentReport @admin -OutputDirectory $OutputDirectory
        $report.RolledBackAt = $incident.ProvenAt
        $seconds = ($incident.ProvenAt - $faultAt).TotalSeconds
        'All pods at 0 %, proven, {0:0.0} s after the fault; the flag took {1:0.00} s, the proof {2:0.00} s.' -f $seconds, $incident.TimeToFlagZero.TotalSeconds, $incident.TimeToProof.TotalSeconds | Out-Default
        Confirm-That $incident.Proven 'Not every pod proved that it starts no v3 session.'
        Confirm-That ($seconds -le 60) "It took $seconds s; 60 are allowed."
        $report.Rollout = Get-DwcpRolloutReport @admin -OutputDirectory $OutputDirectory
    }

    Write-DwcpStep 'No request was lost: every acknowledged object is read back' {
        $null = Wait-DwcpRehearsalTraffic $traffic -Acknowledged $Rate
        $counts = Stop-DwcpRehearsalTraffic $traffic
        $report.Counts = $counts
        $counts | Out-Default
        if ($counts.Lost) { $counts.RecentFailures | Out-Default }
        Confirm-That ($counts.Lost -eq 0) "$($counts.Lost) requests were lost ($($counts.Unacknowledged) not acknowledged, $($counts.Unreadable) unreadable)."
        Confirm-That ($counts.Verified -eq $counts.Acknowledged) "Only $($counts.Verified) of $($counts.Acknowledged) were read back."
    }
}
finally {
    # Whatever happened, the report tells it.
    $files = Export-DwcpRehearsalReport @report
    "Reports: $OutputDirectory ($($files.ForEach({ $_.Name }) -join ', '))" | Out-Default
}
