using System.Net;

namespace NovaCron.Dwcp.Transport.Paths;

/// <summary>A way to carry sessions, on the node's side.</summary>
public interface IServerCarrier : IAsyncDisposable
{
    /// <summary>The number on the wire, 1 to 31.</summary>
    int Number { get; }

    /// <summary>For people and metrics.</summary>
    string Name { get; }

    /// <summary>Begins to listen, when the data port is bound; called again with another address when a system-chosen port was not free for every carrier.</summary>
    /// <param name="dataEndPoint">Where the data port listens on TCP.</param>
    /// <exception cref="DwcpTransferException">It cannot; the node does not start.</exception>
    void Start(IPEndPoint dataEndPoint);

    /// <summary>Answers a client's offer.</summary>
    /// <exception cref="DwcpTransferException">Refused; the client is told the message and goes on another way.</exception>
    CarrierOffer Accept(ServerCarrierRequest request);
}
