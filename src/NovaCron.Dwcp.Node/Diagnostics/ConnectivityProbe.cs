using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using k8s;
using k8s.Autorest;
using NovaCron.Dwcp.Node.Cache;
using NovaCron.Dwcp.Node.Configuration;
using NovaCron.Dwcp.Node.Flags;
using NovaCron.Dwcp.Transport;
using NovaCron.Dwcp.Transport.Storage;

namespace NovaCron.Dwcp.Node.Diagnostics;

/// <summary>Tries the fixed list of things that the node depends on. There is no way to name another target: this is no port scanner.</summary>
internal sealed class ConnectivityProbe(NodeOptions options, RedisCache cache, IKubernetes? cluster, ObjectStore store)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    /// <summary>Tries all, at the same time.</summary>
    public async Task<IReadOnlyList<ConnectivityResult>> RunAsync(CancellationToken cancellationToken) => await Task.WhenAll(
        TryAsync("redis", required: false, ProbeRedisAsync, cancellationToken),
        TryAsync("dns", required: false, ProbeNamesAsync, cancellationToken),
        TryAsync("api-server", required: true, ProbeApiServerAsync, cancellationToken),
        TryAsync("store", required: true, ProbeStoreAsync, cancellationToken)).ConfigureAwait(false);

    private static async Task<ConnectivityResult> TryAsync(
        string target, bool required, Func<CancellationToken, Task<(bool Ok, string Detail)>> probe, CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Limit);
        (bool Ok, string Detail) outcome;
        try
        {
            outcome = await probe(limit.Token).WaitAsync(limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            outcome = (false, $"no answer within {Limit.TotalSeconds:0} s");
        }
        catch (Exception error) when (error is SocketException or HttpRequestException or HttpOperationException or IOException or DwcpTransferException)
        {
            outcome = (false, error.Message);
        }

        return new ConnectivityResult(target, outcome.Ok, required, Stopwatch.GetElapsedTime(start).TotalMilliseconds, outcome.Detail);
    }

    private async Task<(bool, string)> ProbeRedisAsync(CancellationToken cancellationToken)
    {
        if (options.Redis is null) return (true, "not configured");
        return await cache.PingAsync(cancellationToken).ConfigureAwait(false) is { } roundTrip
            ? (true, $"PING answered by {options.Redis} in {roundTrip.TotalMilliseconds:0.0} ms, authenticated")
            : (false, $"{options.Redis} does not answer PING: {cache.LastError ?? "not connected"}");
    }

    private async Task<(bool, string)> ProbeNamesAsync(CancellationToken cancellationToken)
    {
        // The API server's Service name exists in every cluster; in a rehearsal names are service links, and only localhost is asked for, as without a cluster.
        var name = options.Rehearsal || cluster is null ? "localhost" : "kubernetes.default.svc";
        var addresses = await Dns.GetHostAddressesAsync(name, cancellationToken).ConfigureAwait(false);
        return (addresses.Length > 0, $"{name} is {string.Join(", ", addresses.Select(address => address.ToString()))}");
    }

    private async Task<(bool, string)> ProbeApiServerAsync(CancellationToken cancellationToken)
    {
        if (cluster is null) return (true, "none: this node is standalone");
        var list = await cluster.CoreV1.ListNamespacedConfigMapAsync(
            options.Namespace, fieldSelector: $"metadata.name={FlagWatcher.ConfigMapName}", cancellationToken: cancellationToken).ConfigureAwait(false);
        return (list.Items.Count == 1, list.Items.Count == 1 ? $"ConfigMap {FlagWatcher.ConfigMapName} read" : $"ConfigMap {FlagWatcher.ConfigMapName} does not exist");
    }

    private async Task<(bool, string)> ProbeStoreAsync(CancellationToken cancellationToken)
    {
        await store.ProbeAsync(cancellationToken).ConfigureAwait(false);
        return (true, $"wrote, synced and deleted a file in {store.Root}");
    }
}
