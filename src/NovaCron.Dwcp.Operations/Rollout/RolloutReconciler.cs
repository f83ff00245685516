using System.Globalization;
using System.Text.Json;
using NovaCron.Dwcp.Operations.Evidence;
using NovaCron.Dwcp.Operations.Metrics;
using NovaCron.Dwcp.Operations.Rollback;

namespace NovaCron.Dwcp.Operations.Rollout;

/// <summary>
/// One pass of the guardian: reads what is wanted and what is, and does the next thing. It may be killed between any two calls: every decision is
/// derived anew from the cluster, raising is announced in the status before it is done, and the flag goes to 0 before anything is said about it.
/// </summary>
public sealed partial class RolloutReconciler(IRolloutCluster cluster, GuardianOptions options, TimeProvider time)
{
    /// <summary>Entries kept in the status; a full status is halved into ConfigMaps of 50 entries each, numbered by their first entry.</summary>
    private const int HistoryInStatus = 100;

    /// <summary>Checks without a v3 request before the rollout is called idle.</summary>
    private const int ChecksUntilIdle = 3;

    /// <summary>How long somebody's Invoke-DwcpRollback may take before the guardian finishes it.</summary>
    private static readonly TimeSpan ForeignRollbackGrace = TimeSpan.FromMinutes(2);

    /// <summary>Evidence (share of the way to rollback) from which checks come faster, and the evidence below which a phase may be passed.</summary>
    internal const double GrowingEvidence = 0.15;

    private const double ClearEvidence = 0.5;

    /// <summary>Window of the rates and percentiles that people see.</summary>
    private static readonly TimeSpan DisplayWindow = TimeSpan.FromSeconds(30);

    private readonly PodReader _reader = new(cluster, options.PodTimeout, time);
    private readonly Queue<(DateTimeOffset Time, TimeSpan Length, RequestCounters V1, RequestCounters V3)> _recent = new();
    private GuardianMemory? _memory;
    private string? _memoryRevision;
    private EvidenceBook? _book;
    private SampleRatioAlarm? _sampleRatio;
    private RolloutTrigger? _pending;
    private long _lastCheckStamp;
    private bool _checked;
    private int _differences;

    /// <summary>The rollout as the last pass left it.</summary>
    public DwcpRollout? Last { get; private set; }

    /// <summary>Rollbacks that this process has carried out.</summary>
    public long Rollbacks { get; private set; }

    /// <summary>Checks that this process has made, and those of them at which metrics were missing.</summary>
    public long Checks { get; private set; }

    public long FailedChecks { get; private set; }

    /// <summary>Forgets what was read under an earlier leadership.</summary>
    public void BeginLeadership()
    {
        (_memory, _memoryRevision, _book, _checked, _pending) = (null, null, null, false, null);
        _sampleRatio = null;
        _recent.Clear();
    }

    /// <summary>Does the next thing.</summary>
    /// <returns>How long the next pass may wait.</returns>
    public async Task<TimeSpan> ReconcileAsync(CancellationToken cancellationToken)
    {
        var rollout = await cluster.ReadRolloutAsync(cancellationToken).ConfigureAwait(false);
        var configuration = await cluster.ReadConfigurationAsync(cancellationToken).ConfigureAwait(false)
            ?? throw new DwcpRolloutException("NoConfiguration", $"ConfigMap {cluster.Namespace}/{RolloutNames.ConfigMap} does not exist. Stage DWCP v3 first (New-DwcpStaging).");
        Last = rollout;
        if (rollout is null)
        {
            if (configuration.Flag is not 0 || configuration.Ceiling is not 0) await LowerUnguardedAsync(configuration, cancellationToken).ConfigureAwait(false);
            return TimeSpan.FromSeconds(2);
        }

        rollout.Status ??= new DwcpRolloutStatus();
        if (RolloutPlan.Check(rollout.Spec) is { } wrong)
        {
            // A spec that makes no sense raises nothing; everything that lowers still works.
            rollout.Spec.TargetPercent = Math.Min(rollout.Spec.TargetPercent, rollout.Status.Percent);
            rollout.Status.Message = wrong;
        }
        var pass = new Pass(this, rollout, configuration);
        var delay = await pass.RunAsync(cancellationToken).ConfigureAwait(false);
        Last = pass.Rollout;
        return delay;
    }

    private async Task LowerUnguardedAsync(RolloutConfiguration configuration, CancellationToken cancellationToken)
    {
        await cluster.PatchConfigurationAsync(new RolloutConfigurationPatch { Flag = 0, Ceiling = 0 }, cancellationToken).ConfigureAwait(false);
        var message = Text($"There is no DwcpRollout, but the flag was {configuration.Flag} and the ceiling {configuration.Ceiling}: both were set to 0. Ask for v3 with Set-DwcpRollout.");
        options.Log?.Invoke(message);
        await cluster.RecordEventAsync("Warning", "FlagWithoutRollout", message, cancellationToken).ConfigureAwait(false);
    }

    private async Task<GuardianMemory> LoadMemoryAsync(DwcpRollout rollout, CancellationToken cancellationToken)
    {
        // A rollback begins a new attempt: what v3 did before it says nothing about the next try.
        var attempt = $"{rollout.Metadata.Uid}/{rollout.Spec.Release}/{rollout.Status?.LastRollbackAt?.ToUnixTimeMilliseconds()}";
        if (_memory is null)
        {
            var document = await cluster.ReadDocumentAsync(RolloutNames.EvidenceConfigMap, cancellationToken).ConfigureAwait(false);
            _memoryRevision = document?.Revision;
            try
            {
                _memory = document is null ? new GuardianMemory() : JsonSerializer.Deserialize<GuardianMemory>(document.Text, RolloutJson.Options) ?? new GuardianMemory();
            }
            catch (JsonException e)
            {
                options.Log?.Invoke($"ConfigMap {RolloutNames.EvidenceConfigMap} is unreadable and is begun anew: {e.Message}");
                _memory = new GuardianMemory();
            }
            _book = null;
        }
        if (_memory.Attempt != attempt)
        {
            _memory = new GuardianMemory { Attempt = attempt, Series = _memory.Series };
            _book = null;
            _recent.Clear();
        }
        var limits = JsonSerializer.Serialize(rollout.Spec.Limits, RolloutJson.Options);
        if (_book is null || limits != _memory.Limits)
        {
            _book = EvidenceBook.For(rollout.Spec.Limits);
            // Evidence against one limit is none against another.
            if (limits == _memory.Limits) RestoreTests(rollout.Spec.Limits);
            _memory.Limits = limits;
        }
        return _memory;
    }

    private void RestoreTests(RolloutLimits limits)
    {
        try
        {
            _book!.Restore(_memory!.Tests);
        }
        catch (ArgumentException e)
        {
            // Written by a guardian of another release: its numbers mean something else.
            options.Log?.Invoke($"The evidence is begun anew: {e.Message}");
            _book = EvidenceBook.For(limits);
        }
    }

    private async Task SaveMemoryAsync(CancellationToken cancellationToken)
    {
        try
        {
            var saved = await cluster.WriteDocumentAsync(
                new RolloutDocument(RolloutNames.EvidenceConfigMap, JsonSerializer.Serialize(_memory, RolloutJson.Options), _memoryRevision), cancellationToken).ConfigureAwait(false);
            _memoryRevision = saved.Revision;
        }
        catch (RolloutConflictException)
        {
            // Another guardian has led meanwhile: its memory is the true one.
            (_memory, _memoryRevision, _book) = (null, null, null);
            throw;
        }
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private IRolloutCluster Cluster => cluster;

    private GuardianOptions Options => options;

    private TimeProvider Time => time;

    /// <summary>Progress as log lines, in the order in which it happens.</summary>
    private sealed class LogProgress(Action<string>? log) : IProgress<RollbackStep>
    {
        public void Report(RollbackStep value) => log?.Invoke($"rollback {value.Name}: {(value.Succeeded ? "" : "FAILED: ")}{value.Detail}");
    }
}
