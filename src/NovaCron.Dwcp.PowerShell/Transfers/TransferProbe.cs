using System.Net.Sockets;
using System.Security.Cryptography;
using NovaCron.Dwcp.Operations.Validation;
using NovaCron.Dwcp.Transport;
using NovaCron.Dwcp.Transport.Transfers;

namespace NovaCron.Dwcp.PowerShell.Transfers;

/// <summary>Lets validation move real data: sends random data, reads it back, compares.</summary>
internal sealed class TransferProbe : ITransferProbe
{
    /// <summary>A probe that gets nowhere for so long has failed; validation waits for it.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>An address that takes no connection for so long is taken for one that cannot be reached from here, if there is another.</summary>
    private static readonly TimeSpan ConnectPatience = TimeSpan.FromSeconds(3);

    private string? _unreachable;

    public async Task<TransferProbeResult> RunAsync(TransferProbeRequest request, CancellationToken cancellationToken)
    {
        var payload = new byte[request.Bytes];
        // New in every run: chunks that the store knows from an earlier validation would not be sent, and nothing could be interrupted.
        RandomNumberGenerator.Fill(payload);
        var path = $"validation/{Guid.NewGuid():n}";
        var (address, way) = await FindWayAsync(request, cancellationToken).ConfigureAwait(false);
        var client = new TransferClient(ClientProtocols.All);
        await using var _ = client.ConfigureAwait(false);
        var transfer = new TransferRequest
        {
            Remote = new Uri($"dwcp://{address}/{path}"),
            ClientId = $"validation-{request.Number}",
            ApiKey = request.ApiKey,
            IsAnonymous = request.ApiKey.Length == 0,
            TrustedCertificates = TransferTrust.FromPem(request.CertificateAuthority),
            ServerName = request.ServerName,
            Versions = request.Versions,
            CanaryKey = request.CanaryKey,
            GiveUpAfter = Patience,
            FreshSession = true,
        };
        try
        {
            var resumes = request.Interrupt ? await InterruptAsync(client, transfer, payload, cancellationToken).ConfigureAwait(false) : 0;
            var sent = await client.SendAsync(transfer, TransferSource.FromMemory(payload), null, cancellationToken).ConfigureAwait(false);
            var sink = TransferSink.ToMemory(payload.Length);
            var received = await client.ReceiveAsync(transfer, sink, null, cancellationToken).ConfigureAwait(false);
            await client.DeleteAsync(transfer, cancellationToken).ConfigureAwait(false);
            return new TransferProbeResult
            {
                Succeeded = true,
                Version = sent.Version,
                UserBytes = sent.UserBytes,
                WireBytes = sent.WireBytes,
                Duration = sent.Duration,
                HashesEqual = sent.Root.Equals(received.Root) && SHA256.HashData(payload).AsSpan().SequenceEqual(SHA256.HashData(sink.Bytes.Span)),
                Resumes = resumes + sent.Attempts - 1,
                Detail = string.Join(' ', sent.Reasons.Append(way).Where(r => r.Length > 0)),
            };
        }
        catch (DwcpTransferException error)
        {
            return new TransferProbeResult
            {
                Succeeded = false,
                CredentialRefused = error.Code == DwcpErrorCode.NotAuthenticated,
                Detail = way.Length > 0 ? $"{error.Message} ({way})" : error.Message,
            };
        }
    }

    /// <summary>The address itself, or, where nothing listens to us there, the detour; and how that reads.</summary>
    private async Task<(string Address, string Way)> FindWayAsync(TransferProbeRequest request, CancellationToken cancellationToken)
    {
        if (request.Detour is null)
            return (request.Address, "");
        // What was found out once holds for the run.
        if (_unreachable != request.Address && await TakesConnectionsAsync(request.Address, cancellationToken).ConfigureAwait(false))
            return (request.Address, "");
        _unreachable = request.Address;
        return (await request.Detour(cancellationToken).ConfigureAwait(false), $"by port-forward, because {request.Address} takes no connection from here");
    }

    private static async Task<bool> TakesConnectionsAsync(string address, CancellationToken cancellationToken)
    {
        var uri = new Uri($"dwcp://{address}");
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(ConnectPatience);
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(uri.DnsSafeHost, uri.Port, limit.Token).ConfigureAwait(false);
            return true;
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    /// <summary>Breaks a first transfer off once some of it has arrived.</summary>
    /// <returns>Interruptions made: 0 when the transfer was done before it could be broken off.</returns>
    private static async Task<int> InterruptAsync(TransferClient client, TransferRequest transfer, byte[] payload, CancellationToken cancellationToken)
    {
        using var interrupt = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var progress = new InlineProgress(update =>
        {
            if (update.UserBytes > 0)
                interrupt.Cancel();
        });
        try
        {
            // Slow enough that the middle of the transfer is met: a fifth of a second for the whole of it would be too fast to hit.
            await client.SendAsync(transfer with { MaxRate = Math.Max(1, payload.Length / 2) }, TransferSource.FromMemory(payload), progress, interrupt.Token).ConfigureAwait(false);
            return 0;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return 1;
        }
    }

    private sealed class InlineProgress(Action<TransferProgress> action) : IProgress<TransferProgress>
    {
        public void Report(TransferProgress value) => action(value);
    }
}
