using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;

namespace NovaCron.Dwcp.Transport.Transfers;

/// <summary>Idle connections that wait for the next request of the same client to the same node with the same credential.</summary>
internal sealed class SessionCache : IAsyncDisposable
{
    private const int MaxIdlePerKey = 8;

    private readonly ConcurrentDictionary<string, ConcurrentBag<(NodeConnection Connection, int Version)>> _idle = new();

    public (NodeConnection Connection, int Version)? Take(string key)
    {
        if (!_idle.TryGetValue(key, out var bag)) return null;
        while (bag.TryTake(out var idle))
        {
            if (idle.Connection.Session is { IsUsable: true }) return idle;
            _ = DisposeQuietlyAsync(idle.Connection);
        }

        return null;
    }

    public async ValueTask GiveBackAsync(string key, NodeConnection connection, int version)
    {
        var bag = _idle.GetOrAdd(key, static _ => []);
        if (connection.Session is { IsUsable: true } && bag.Count < MaxIdlePerKey) bag.Add((connection, version));
        else await DisposeQuietlyAsync(connection).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var bag in _idle.Values)
        {
            while (bag.TryTake(out var idle)) await DisposeQuietlyAsync(idle.Connection).ConfigureAwait(false);
        }

        _idle.Clear();
    }

    /// <summary>Everything that makes two requests speak for the same client; keys only as a hash.</summary>
    public static string KeyOf(NodeAddress address, TransferRequest request)
    {
        var secret = $"{request.ApiKey}\n{request.CanaryKey}\n{request.ClientCertificate?.Thumbprint}\n{request.Pin}\n{request.ServerName}\n{string.Join(",", request.Versions)}\n{request.Mode}\n{request.Profile}\n"
            + string.Join(",", request.TrustedCertificates?.Select(c => c.Thumbprint) ?? []);
        return $"{address.Host}\n{address.Port}\n{request.ClientId}\n{Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(secret)))}";
    }

    public static async Task DisposeQuietlyAsync(NodeConnection connection)
    {
        try
        {
            await connection.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or DwcpTransferException or ObjectDisposedException or System.Net.Sockets.SocketException)
        {
            return; // the peer was gone already
        }
    }
}
