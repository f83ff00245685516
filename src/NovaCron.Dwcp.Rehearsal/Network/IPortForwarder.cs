using System.Net;

namespace NovaCron.Dwcp.Rehearsal.Network;

/// <summary>One port of a Service on its address.</summary>
internal interface IPortForwarder : IAsyncDisposable
{
    /// <summary>Where new connections or datagrams go from now on.</summary>
    void SetEndpoints(IPEndPoint[] endpoints);

    /// <summary>Takes nothing new; what is under way goes on.</summary>
    void StopListening();
}
