using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using NovaCron.Dwcp.Transport.Paths;

namespace NovaCron.Dwcp.Transport.Datagrams;

/// <summary>Carries a client's sessions over UDP. One socket for each address family, made when it is first needed, serves all of them.</summary>
public sealed class DatagramClientCarrier : IClientCarrier
{
    // Less than this is there before a better way pays for its own round trips.
    private const long WorthIt = 256 * 1024;

    // Without an answer for so long, and for so many round trips, datagrams do not get through: a firewall, usually.
    // A wrong guess costs little: the path is tried again while the transfer runs.
    private static readonly TimeSpan ShortestPatience = TimeSpan.FromSeconds(1);
    private const int PatienceRoundTrips = 5;

    private readonly object _gate = new();
    private readonly Dictionary<AddressFamily, DatagramEndpoint> _endpoints = [];
    private bool _disposed;

    /// <inheritdoc/>
    public int Number => DatagramCarrier.Number;

    /// <inheritdoc/>
    public string Name => DatagramCarrier.Name;

    /// <inheritdoc/>
    public bool IsForDatacenter => false;

    /// <summary>How long an answer is waited for, at least.</summary>
    internal TimeSpan Patience { get; init; } = ShortestPatience;

    /// <summary>The node's UDP port where it is not its TCP port: only behind a test's proxy.</summary>
    internal int? Port { get; init; }

    /// <inheritdoc/>
    public CarrierAssessment Assess(PathMeasurement path)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (path.IsNear) return new CarrierAssessment(0.3, "the path is near: the kernel's TCP is as good and costs less");
        if (path.Bytes < WorthIt) return new CarrierAssessment(0.4, "too little is to be sent to be worth another handshake");
        return new CarrierAssessment(0.9, "the path is far: its loss would slow TCP down");
    }

    /// <inheritdoc/>
    public async Task<CarrierConnection> ConnectAsync(ClientCarrierRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        var id = DatagramCarrier.NewId();
        var offer = DatagramCarrier.Write(id, !System.Runtime.Intrinsics.X86.Aes.IsSupported && !System.Runtime.Intrinsics.Arm.Aes.IsSupported && ChaCha20Poly1305.IsSupported,
            request.Profile, RandomNumberGenerator.GetBytes(DatagramCarrier.RandomSize));
        var answer = await request.ExchangeAsync(offer, cancellationToken).ConfigureAwait(false);
        var remoteId = DatagramCarrier.Read(answer.Span, new byte[DatagramCarrier.RandomSize]).Id;
        var secret = DatagramCarrier.DeriveSecret(request.Negotiation().Span, offer, answer.Span);
        var options = DatagramCarrier.Options with { InitialRtt = request.Path.RoundTrip, UseChaCha = DatagramCarrier.Read(offer, new byte[DatagramCarrier.RandomSize]).ChaCha };
        var endpoint = EndpointFor(request.Path.Peer.AddressFamily);
        var peer = Port is { } port ? new IPEndPoint(request.Path.Peer.Address, port) : request.Path.Peer;
        var connection = new DatagramConnection(
            true, id, remoteId, secret, peer, true, DatagramCarrier.Controller(request.Profile), options, DatagramEndpoint.Clock(), endpoint.Wake);
        CryptographicOperations.ZeroMemory(secret);
        endpoint.Add(connection);
        try
        {
            connection.Greet();
            var patience = TimeSpan.FromTicks(Math.Max(Patience.Ticks, PatienceRoundTrips * request.Path.RoundTrip.Ticks));
            var heard = connection.WaitForPeerAsync(cancellationToken);
            try
            {
                await heard.WaitAsync(patience, cancellationToken).ConfigureAwait(false);
            }
            catch (TimeoutException) when (heard.IsCompletedSuccessfully)
            {
                // The answer is there: only this process was late to see it.
            }

            return new DatagramCarrierConnection(connection, await connection.OpenStreamAsync(StreamPriority.Bulk, 1, cancellationToken).ConfigureAwait(false));
        }
        catch (Exception e)
        {
            connection.Dispose();
            if (e is not TimeoutException) throw;
            throw new DwcpTransferException(
                DwcpErrorCode.TimedOut, DwcpFault.Network, $"no datagram came back from {peer}: UDP is blocked between here and there (open port {peer.Port}/udp)", e);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        DatagramEndpoint[] endpoints;
        lock (_gate)
        {
            _disposed = true;
            endpoints = [.. _endpoints.Values];
            _endpoints.Clear();
        }

        // Its threads may be waiting in the kernel for a moment.
        await Task.Run(() =>
        {
            foreach (var endpoint in endpoints) endpoint.Dispose();
        }).ConfigureAwait(false);
    }

    private DatagramEndpoint EndpointFor(AddressFamily family)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_endpoints.TryGetValue(family, out var endpoint) && endpoint.Failure is null) return endpoint;
            try
            {
                return _endpoints[family] = new DatagramEndpoint(new IPEndPoint(family == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0));
            }
            catch (SocketException e)
            {
                throw new DwcpTransferException(DwcpErrorCode.ConnectionFailed, DwcpFault.Network, $"no UDP socket can be opened here: {e.Message}", e);
            }
        }
    }
}
