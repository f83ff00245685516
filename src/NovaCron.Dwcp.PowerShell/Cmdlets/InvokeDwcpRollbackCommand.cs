using System.Management.Automation;
using NovaCron.Dwcp.Operations.Rollback;

namespace NovaCron.Dwcp.PowerShell.Cmdlets;

/// <summary>Rolls v3 back to 0 % by itself, without guardian or metrics: flag first, then proof on every pod, restart, verification, report.</summary>
/// <remarks>It never prompts unless -Confirm is given. The flag is written before anything else and waits for nothing.</remarks>
/// <example>
/// <para>Rolls back now and keeps logs, metrics and the report.</para>
/// <code>Invoke-DwcpRollback 'Customers report failed restores.' -Namespace production -OutputDirectory ./incident</code>
/// </example>
/// <example>
/// <para>Rolls back unattended, whatever the preferences say.</para>
/// <code>Invoke-DwcpRollback -Namespace production -Force</code>
/// </example>
[Cmdlet(VerbsLifecycle.Invoke, "DwcpRollback", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Medium)]
[OutputType(typeof(DwcpRollbackReport))]
public sealed class InvokeDwcpRollbackCommand : ClusterCmdlet
{
    private const string Activity = "Rolling DWCP v3 back";

    /// <summary>Why, for the report, the lock and the Event.</summary>
    [Parameter(Position = 0)]
    [ValidateNotNullOrEmpty]
    public string Reason { get; set; } = "Asked for by an operator.";

    /// <summary>Directory for logs, metrics and the incident report.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? OutputDirectory { get; set; }

    /// <summary>How long a pod may take to prove that it starts no v3 session; then it is deleted.</summary>
    [Parameter]
    public TimeSpan ProofTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Leaves the pods running after the proof.</summary>
    [Parameter]
    public SwitchParameter NoRestart { get; set; }

    /// <summary>Never prompts, whatever $ConfirmPreference says. -WhatIf still changes nothing.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        // -Force answers the question beforehand; it never makes -WhatIf real.
        var answered = Force && !IsWhatIf && !IsBound("Confirm");
        if (!answered && !ShouldProcess($"DWCP v3 in namespace {Namespace}", "Roll back to 0 %"))
            return;
        var steps = OnPipeline<RollbackStep>(Show);
        var report = WithCluster(Namespace, (connection, cancellationToken) => new RollbackService(connection, Namespace).RollbackAsync(
            new RollbackOptions
            {
                Reason = Reason,
                ProofTimeout = ProofTimeout,
                Restart = !NoRestart,
                OutputDirectory = OutputDirectory is null ? null : ResolvePath(OutputDirectory),
            }, steps, cancellationToken));
        WriteProgress(new ProgressRecord(0, Activity, "Done") { RecordType = ProgressRecordType.Completed });
        foreach (var problem in report.Problems)
            WriteWarning(problem);
        WriteObject(report);
    }

    private void Show(RollbackStep step)
    {
        WriteVerbose($"{step.Name}: {step.Detail}");
        WriteProgress(new ProgressRecord(0, Activity, $"{step.Name}: {step.Detail}"));
    }
}
