using System.Collections.Concurrent;
using System.Text.Json;
using NovaCron.Dwcp.Operations.Rollback;
using NovaCron.Dwcp.Operations.Rollout;

namespace NovaCron.Dwcp.Operations.Notifications;

/// <summary>
/// Tells people what the rollout's history says, channel by channel, in order, each message until it is delivered, refused for good, or a day old. Runs beside
/// the guardian's passes and shares nothing with them but the cluster: a receiver that hangs delays no rollback.
/// </summary>
public sealed class Notifier(IRolloutCluster cluster, Func<(IReadOnlyList<INotificationChannel> Channels, IReadOnlyList<string> Problems)> channels, TimeProvider time, Action<string>? log = null)
{
    /// <summary>What is older is no news: whoever configures a channel does not get last month.</summary>
    private static readonly TimeSpan MaximumAge = TimeSpan.FromDays(1);

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(5);

    /// <summary>Messages of a channel between two notes of how far it has come; as many may arrive twice after a kill.</summary>
    private const int Batch = 10;

    private readonly ConcurrentDictionary<string, ChannelTotals> _totals = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (int Failures, long Since, TimeSpan Pause)> _pauses = new(StringComparer.Ordinal);
    private string? _said;

    /// <summary>Messages that were delivered, and attempts that failed, by channel.</summary>
    public IReadOnlyDictionary<string, ChannelTotals> Totals => _totals;

    /// <summary>Runs until cancelled; works while <paramref name="leads"/> says so, so that one replica speaks.</summary>
    public async Task RunAsync(Func<bool> leads, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                if (leads()) await DeliverAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (RollbackService.IsFailure(e))
            {
                Say($"notifications: {e.Message}");
            }
            await Task.Delay(Interval, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>One round over all channels.</summary>
    public async Task DeliverAsync(CancellationToken cancellationToken)
    {
        var (configured, problems) = channels();
        foreach (var problem in problems) Say(problem);
        if (configured.Count == 0) return;
        if (await cluster.ReadRolloutAsync(cancellationToken).ConfigureAwait(false) is not { Status: { } status } rollout) return;

        var document = await cluster.ReadDocumentAsync(RolloutNames.NotificationsConfigMap, cancellationToken).ConfigureAwait(false);
        var outbox = document is null ? new NotificationOutbox() : JsonSerializer.Deserialize<NotificationOutbox>(document.Text, RolloutJson.Options) ?? new NotificationOutbox();
        if (outbox.Rollout != rollout.Metadata.Uid) outbox = new NotificationOutbox { Rollout = rollout.Metadata.Uid ?? "" };
        var waiting = configured.Select(channel => (Channel: channel, Position: Position(outbox, channel.Name)))
            .Where(entry => entry.Position.Next < status.NextHistoryNumber && IsDue(entry.Channel.Name)).ToList();
        if (waiting.Count == 0) return;

        var oldest = waiting.Min(entry => entry.Position.Next);
        var history = status.History.Count > 0 && status.History[0].Number <= Math.Max(0, oldest - 1)
            ? status.History
            : await RolloutHistory.ReadAsync(cluster, rollout, cancellationToken).ConfigureAwait(false);
        var before = JsonSerializer.Serialize(outbox, RolloutJson.Options);
        await Task.WhenAll(waiting.Select(entry => DeliverAsync(entry.Channel, entry.Position, rollout, history, cancellationToken))).ConfigureAwait(false);
        var after = JsonSerializer.Serialize(outbox, RolloutJson.Options);
        if (after != before)
            await cluster.WriteDocumentAsync(new RolloutDocument(RolloutNames.NotificationsConfigMap, after, document?.Revision), cancellationToken).ConfigureAwait(false);
    }

    private async Task DeliverAsync(
        INotificationChannel channel, ChannelPosition position, DwcpRollout rollout, IReadOnlyList<RolloutHistoryEntry> history, CancellationToken cancellationToken)
    {
        var sent = 0;
        for (var i = 0; i < history.Count && sent < Batch; i++)
        {
            if (history[i].Number < position.Next) continue;
            var messages = time.GetUtcNow() - history[i].Time > MaximumAge ? [] : NotificationRules.For(rollout, i == 0 ? null : history[i - 1], history[i]);
            for (; position.Part < messages.Count; position.Part++, sent++)
            {
                var result = await channel.SendAsync(messages[position.Part], cancellationToken).ConfigureAwait(false);
                Count(channel.Name, result.Delivered);
                position.LastProblem = result.Problem;
                if (result is { Delivered: false, Refused: false })
                {
                    Pause(channel.Name, result);
                    return;
                }
                if (result.Refused) log?.Invoke($"notification {messages[position.Part].Id} was refused by {channel.Name} and is given up: {result.Problem}");
                lock (_pauses) _pauses.Remove(channel.Name);
            }
            (position.Next, position.Part) = (history[i].Number + 1, 0);
        }
    }

    private static ChannelPosition Position(NotificationOutbox outbox, string channel)
    {
        if (!outbox.Channels.TryGetValue(channel, out var position)) outbox.Channels[channel] = position = new ChannelPosition();
        return position;
    }

    private bool IsDue(string channel)
    {
        lock (_pauses) return !_pauses.TryGetValue(channel, out var pause) || time.GetElapsedTime(pause.Since) >= pause.Pause;
    }

    /// <summary>Twice as long after every failure in a row, or as long as the receiver asked.</summary>
    private void Pause(string channel, DeliveryResult result)
    {
        lock (_pauses)
        {
            var failures = _pauses.GetValueOrDefault(channel).Failures + 1;
            var pause = TimeSpan.FromSeconds(Math.Min(1 << Math.Min(failures, 16), (int)LongestPause.TotalSeconds));
            if (result.RetryAfter is { } asked && asked > pause) pause = asked < LongestPause ? asked : LongestPause;
            _pauses[channel] = (failures, time.GetTimestamp(), pause);
            log?.Invoke($"{channel}: {result.Problem}; again in {pause.TotalSeconds:0} s.");
        }
    }

    private void Count(string channel, bool delivered) =>
        _totals.AddOrUpdate(channel, _ => new ChannelTotals(delivered ? 1 : 0, delivered ? 0 : 1), (_, old) => new ChannelTotals(old.Delivered + (delivered ? 1 : 0), old.Failed + (delivered ? 0 : 1)));

    /// <summary>The same sentence is not logged every two seconds.</summary>
    private void Say(string problem)
    {
        if (_said == problem) return;
        _said = problem;
        log?.Invoke(problem);
    }
}
