using System.Management.Automation;
using NovaCron.Dwcp.Operations.Cluster;
using NovaCron.Dwcp.Operations.Rollback;
using NovaCron.Dwcp.Operations.Rollout;
using NovaCron.Dwcp.PowerShell.Completion;

namespace NovaCron.Dwcp.PowerShell.Cmdlets;

/// <summary>Asks for a share of clients on v3 and watches the guardian get there: percent, error rate, P99 and pods at every check.</summary>
/// <remarks>
/// It only writes what is wanted. The guardian in the cluster raises, judges and rolls back; when this command is interrupted or killed the
/// rollout goes on without it.
/// </remarks>
/// <example>
/// <para>Asks for 10 percent and watches for ten minutes.</para>
/// <code>Set-DwcpRollout -Percent 10 -Namespace production</code>
/// </example>
/// <example>
/// <para>Asks for a phase by name and returns at once.</para>
/// <code>Set-DwcpRollout -Phase phase-2 -Namespace production -NoWait -Confirm:$false</code>
/// </example>
/// <example>
/// <para>Goes on to the next phase and watches until every pod has applied it.</para>
/// <code>Set-DwcpRollout -Next -Namespace production -UntilApplied -Confirm:$false</code>
/// </example>
/// <example>
/// <para>Watches, and rolls back on Ctrl+C.</para>
/// <code>Set-DwcpRollout -Percent 10 -Namespace production -RollbackOnInterrupt</code>
/// </example>
[Cmdlet(VerbsCommon.Set, "DwcpRollout", DefaultParameterSetName = PercentSet, SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(RolloutObservation))]
public sealed class SetDwcpRolloutCommand : WatchingCmdlet
{
    private const string PercentSet = "Percent";
    private const string PhaseSet = "Phase";
    private const string NextSet = "Next";

    /// <summary>Percent of clients on v3. Less than the present percent lowers at once and needs no approval.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = PercentSet)]
    [ValidateRange(0, 100)]
    public int Percent { get; set; }

    /// <summary>The phase to reach, by name.</summary>
    [Parameter(Mandatory = true, ParameterSetName = PhaseSet)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(PhaseCompleter))]
    public string? Phase { get; set; }

    /// <summary>The phase after the present one.</summary>
    [Parameter(Mandatory = true, ParameterSetName = NextSet)]
    public SwitchParameter Next { get; set; }

    /// <summary>Release to roll out; the staged one by default.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Release { get; set; }

    /// <summary>The phases, for example @{ Name = 'phase-1'; Percent = 10; Soak = '1.00:00:00'; MinimumRequests = 10000 }; those of the existing rollout, or the defaults, when absent.</summary>
    [Parameter]
    public RolloutPhase[]? Plan { get; set; }

    /// <summary>What v3 must not do, for example @{ ErrorRatePercent = 1; SlowMilliseconds = 100 }.</summary>
    [Parameter]
    public RolloutLimits? Limit { get; set; }

    /// <summary>Address of Prometheus' HTTP API, read beside the pods and compared with them, for example http://prometheus.monitoring:9090.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public Uri? Prometheus { get; set; }

    /// <summary>Time between the guardian's checks, one second or more; 30 seconds by default.</summary>
    [Parameter]
    public TimeSpan? CheckInterval { get; set; }

    /// <summary>Id of the incident that has been looked into; without it a rollout that was rolled back is refused.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? AcknowledgeIncident { get; set; }

    /// <summary>Returns when the guardian has been told, without watching.</summary>
    [Parameter]
    public SwitchParameter NoWait { get; set; }

    /// <summary>Rolls v3 back to 0 % when the watching is interrupted (Ctrl+C), instead of leaving the rollout to the guardian.</summary>
    [Parameter]
    public SwitchParameter RollbackOnInterrupt { get; set; }

    private protected override string InterruptedMessage =>
        RollbackOnInterrupt ? $"Interrupted: rolling v3 back in namespace {Namespace}, as -RollbackOnInterrupt asks." : base.InterruptedMessage;

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var wanted = Phase ?? (Next ? "the next phase" : $"{Percent} %");
        if (!ShouldProcess($"DWCP v3 in namespace {Namespace}", $"Roll out to {wanted}"))
            return;
        WithCluster(Namespace, async (connection, cancellationToken) =>
        {
            var service = new RolloutService(connection, Namespace);
            var asked = false;
            try
            {
                cancellationToken.ThrowIfCancellationRequested();
                // Whoever wants it taken back must know whether it was asked for: then the request is not cut in the middle.
                var rollout = await service.SetAsync(Request(), RollbackOnInterrupt ? CancellationToken.None : cancellationToken).ConfigureAwait(false);
                asked = true;
                cancellationToken.ThrowIfCancellationRequested();
                if (NoWait)
                    Post(() => WriteObject(service.Observe(rollout)));
                else
                    await WatchAsync(service, cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (RollbackOnInterrupt && asked && cancellationToken.IsCancellationRequested)
            {
                await RollBackAsync(connection).ConfigureAwait(false);
                throw;
            }
            return true;
        });
        CompleteProgress();
    }

    private async Task RollBackAsync(ClusterConnection connection)
    {
        // The command ends when this is done: a second Ctrl+C of an impatient host can kill the process, and the flag is the first thing written.
        var report = await new RollbackService(connection, Namespace).RollbackAsync(
            new RollbackOptions { Reason = "Set-DwcpRollout -RollbackOnInterrupt was interrupted." }, null, CancellationToken.None).ConfigureAwait(false);
        Warn($"Incident {report.Incident}: {(report.Succeeded ? "rolled back to 0 % and proven on every pod." : string.Join(" ", report.Problems))}");
    }

    private RolloutRequest Request() => new()
    {
        Percent = ParameterSetName == PercentSet ? Percent : null,
        Phase = Phase,
        Next = Next,
        Release = Release,
        Phases = Plan,
        Limits = Limit,
        CheckInterval = CheckInterval,
        Metrics = Prometheus is null ? null : new RolloutMetrics { Prometheus = Prometheus.OriginalString },
        AcknowledgeIncident = AcknowledgeIncident,
    };
}
