using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using NovaCron.Dwcp.Transport.Paths;

namespace NovaCron.Dwcp.Transport.Datagrams;

/// <summary>Carries a node's sessions over UDP, on the number of the TCP port.</summary>
public sealed class DatagramServerCarrier : IServerCarrier
{
    private DatagramEndpoint? _endpoint;

    /// <inheritdoc/>
    public int Number => DatagramCarrier.Number;

    /// <inheritdoc/>
    public string Name => DatagramCarrier.Name;

    /// <inheritdoc/>
    public void Start(IPEndPoint dataEndPoint)
    {
        ArgumentNullException.ThrowIfNull(dataEndPoint);
        _endpoint?.Dispose();
        _endpoint = null;
        try
        {
            _endpoint = new DatagramEndpoint(dataEndPoint);
        }
        catch (SocketException e)
        {
            throw new DwcpTransferException(DwcpErrorCode.InvalidRequest, DwcpFault.Server, $"Cannot receive datagrams on {dataEndPoint} (udp): {e.Message}.", e);
        }
    }

    /// <inheritdoc/>
    public CarrierOffer Accept(ServerCarrierRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        var endpoint = _endpoint;
        if (endpoint is null || endpoint.Failure is not null)
            throw new DwcpTransferException(DwcpErrorCode.Busy, DwcpFault.Server, "this node's UDP port does not work at the moment");
        var offer = request.Offer.Span;
        var (remoteId, chaCha, profile) = DatagramCarrier.Read(offer, new byte[DatagramCarrier.RandomSize]);
        if (chaCha && !ChaCha20Poly1305.IsSupported) throw new DwcpTransferException(DwcpErrorCode.NotPermitted, DwcpFault.Client, "this node has no ChaCha20-Poly1305");
        var id = DatagramCarrier.NewId();
        var answer = DatagramCarrier.Write(id, chaCha, profile, RandomNumberGenerator.GetBytes(DatagramCarrier.RandomSize));
        var secret = DatagramCarrier.DeriveSecret(request.Negotiation.Span, offer, answer);
        var options = DatagramCarrier.Options with { UseChaCha = chaCha };
        // Where the client's datagrams come from is known with the first of them: TCP proved its address, not the port that its NAT gives to UDP.
        var connection = new DatagramConnection(
            false, id, remoteId, secret, request.Client, false, DatagramCarrier.Controller(profile), options, DatagramEndpoint.Clock(), endpoint.Wake);
        CryptographicOperations.ZeroMemory(secret);
        endpoint.Add(connection);
        return new CarrierOffer(answer, ConnectedAsync(connection), connection.Dispose);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _endpoint, null) is { } endpoint) await Task.Run(endpoint.Dispose).ConfigureAwait(false);
    }

    private static async Task<CarrierConnection> ConnectedAsync(DatagramConnection connection) =>
        new DatagramCarrierConnection(connection, await connection.AcceptStreamAsync().ConfigureAwait(false));
}
