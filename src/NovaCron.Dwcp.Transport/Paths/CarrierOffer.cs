namespace NovaCron.Dwcp.Transport.Paths;

/// <summary>The node's answer to a carrier's offer. Disposed without having been connected, it frees what was set aside for the client.</summary>
/// <param name="answer">What the client's carrier is told.</param>
/// <param name="connected">Completes when the client sent its first byte over the carrier: that decides that the session goes on there.</param>
/// <param name="abandon">Frees what was set aside; called when the client went another way.</param>
public sealed class CarrierOffer(ReadOnlyMemory<byte> answer, Task<CarrierConnection> connected, Action abandon) : IDisposable
{
    /// <summary>What the client's carrier is told.</summary>
    public ReadOnlyMemory<byte> Answer { get; } = answer;

    /// <summary>Completes when the client sent its first byte over the carrier.</summary>
    public Task<CarrierConnection> Connected { get; } = connected;

    /// <inheritdoc/>
    public void Dispose()
    {
        abandon();
    }
}
