using System.Management.Automation;
using NovaCron.Dwcp.Rehearsal.Traffic;

namespace NovaCron.Dwcp.Tool.Rehearsal;

/// <summary>Waits until so many more requests were acknowledged, and fails when they are not within the time limit.</summary>
[Cmdlet(VerbsLifecycle.Wait, "DwcpRehearsalTraffic")]
[OutputType(typeof(TrafficSnapshot))]
public sealed class WaitDwcpRehearsalTrafficCommand : TrafficCmdlet
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(100);

    /// <summary>Requests acknowledged from now on, of any version.</summary>
    [Parameter]
    [ValidateRange(0, 1_000_000)]
    public long Acknowledged { get; set; }

    /// <summary>Requests acknowledged by v3 from now on.</summary>
    [Parameter]
    [ValidateRange(0, 1_000_000)]
    public long AcknowledgedV3 { get; set; }

    /// <summary>Attempts that failed on v3 from now on.</summary>
    [Parameter]
    [ValidateRange(0, 1_000_000)]
    public long FailedV3 { get; set; }

    /// <summary>Time limit.</summary>
    [Parameter]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(60);

    /// <inheritdoc/>
    protected override void ProcessRecord() => WriteObject(Await(Traffic, async cancellationToken =>
    {
        var before = Traffic.GetSnapshot();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Timeout);
        while (true)
        {
            var now = Traffic.GetSnapshot();
            if (now.Acknowledged - before.Acknowledged >= Acknowledged && now.V3.Acknowledged - before.V3.Acknowledged >= AcknowledgedV3
                && now.V3.FailedAttempts - before.V3.FailedAttempts >= FailedV3)
                return now;
            try
            {
                await Task.Delay(PollInterval, limit.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                throw new TimeoutException($"Within {Timeout.TotalSeconds:0} s only {now.Acknowledged - before.Acknowledged} of {Acknowledged} requests were acknowledged " +
                    $"(v3: {now.V3.Acknowledged - before.V3.Acknowledged} of {AcknowledgedV3}, failed on v3: {now.V3.FailedAttempts - before.V3.FailedAttempts} of {FailedV3}). " +
                    $"Last failure: {now.RecentFailures.LastOrDefault()?.Error ?? "none"}");
            }
        }
    }));
}
