using System.Text.Json;
using NovaCron.Dwcp.Node.Configuration;
using NovaCron.Dwcp.Node.Flags;
using NovaCron.Dwcp.Node.Health;
using NovaCron.Dwcp.Node.Http;
using NovaCron.Dwcp.Node.Metrics;
using NovaCron.Dwcp.Transport.Sessions;

namespace NovaCron.Dwcp.Node.Cache;

/// <summary>
/// What the pods last said about themselves, through Redis, so that any one of them can show the fleet (<c>GET /diagnostics/peers</c>).
/// For people: nothing is decided by it, and without Redis the list is empty.
/// </summary>
internal sealed class PeerDirectory(NodeOptions options, RedisCache cache, RolloutFlag flag, NodeHealth health, NodeMetrics metrics, TimeProvider time)
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(30);

    private string Set => $"dwcp:{options.Namespace}:pods";

    /// <summary>The pods that were heard of lately.</summary>
    public async Task<IReadOnlyList<PeerRecord>> ReadAsync()
    {
        var peers = new List<PeerRecord>();
        foreach (var (_, text) in await cache.ReadAsync(Set).ConfigureAwait(false))
        {
            if (text is null) continue;
            try
            {
                if (JsonSerializer.Deserialize(text, NodeJson.Default.PeerRecord) is { } peer) peers.Add(peer);
            }
            catch (JsonException)
            {
                // Another version's pod wrote it. A cache entry that cannot be read is one that is not there.
            }
        }

        return peers;
    }

    /// <summary>Tells the siblings every few seconds until cancelled, then takes the record back.</summary>
    public async Task RunAsync(Heartbeat heartbeat, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Period, time);
        try
        {
            do
            {
                heartbeat.Beat();
                cache.Watch();
                var state = flag.State;
                var record = new PeerRecord(options.PodName, state.Revision, state.Effective, health.IsReady,
                    metrics.Sessions.Active(VersionLabel.V1), metrics.Sessions.Active(VersionLabel.V3), time.GetUtcNow(), options.PodAddress?.ToString());
                await cache.PublishAsync(Set, options.PodName, JsonSerializer.Serialize(record, NodeJson.Default.PeerRecord), record.At, Lifetime).ConfigureAwait(false);
            }
            while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false));
        }
        finally
        {
            await cache.WithdrawAsync(Set, options.PodName).ConfigureAwait(false);
        }
    }
}
