using System.Management.Automation;
using NovaCron.Dwcp.Operations.Rollout;

namespace NovaCron.Dwcp.PowerShell;

/// <summary>A cmdlet that draws a rollout while the guardian works.</summary>
public abstract class WatchingCmdlet : ClusterCmdlet
{
    private const string Activity = "DWCP v3 rollout";

    private volatile bool _watching;

    /// <summary>How long to watch; ten minutes by default. The rollout goes on afterwards.</summary>
    [Parameter]
    public TimeSpan WatchFor { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Stops watching as soon as every pod has applied the wanted percent, without waiting for the soak.</summary>
    [Parameter]
    public SwitchParameter UntilApplied { get; set; }

    /// <summary>What an interrupted watch leaves behind, one sentence for people.</summary>
    private protected virtual string InterruptedMessage =>
        $"No longer watching. The guardian in namespace {Namespace} goes on with the rollout; Get-DwcpRollout -Watch shows it again, Invoke-DwcpRollback ends it.";

    /// <inheritdoc/>
    protected override void StopProcessing()
    {
        if (_watching) Warn(InterruptedMessage);
        base.StopProcessing();
    }

    /// <summary>Says something although the pipeline may accept nothing any more; the host still does.</summary>
    private protected void Warn(string message) => Host?.UI?.WriteWarningLine(message);

    private protected Task WatchAsync(RolloutService service, CancellationToken cancellationToken) => WatchAsync(service, null, cancellationToken);

    private protected async Task WatchAsync(RolloutService service, Func<RolloutObservation, bool>? until, CancellationToken cancellationToken)
    {
        _watching = true;
        try
        {
            var options = new RolloutWatchOptions { For = WatchFor, UntilTargetApplied = UntilApplied, Until = until };
            await foreach (var observation in service.WatchAsync(options, cancellationToken).ConfigureAwait(false))
                Post(() => Show(observation));
        }
        finally
        {
            _watching = false;
        }
    }

    private protected void CompleteProgress() =>
        WriteProgress(new ProgressRecord(0, Activity, "Done") { RecordType = ProgressRecordType.Completed });

    private void Show(RolloutObservation observation)
    {
        WriteProgress(new ProgressRecord(0, Activity, observation.Summary)
        {
            CurrentOperation = observation.Message ?? "",
            SecondsRemaining = observation.TimeRemaining is { } remaining ? (int)Math.Min(int.MaxValue, remaining.TotalSeconds) : -1,
        });
        if (observation.Message is { Length: > 0 } message)
            WriteVerbose(message);
        WriteObject(observation);
    }
}
