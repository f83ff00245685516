namespace NovaCron.Dwcp.Transport.Paths;

/// <summary>A way that carries a session's frames now, beside the TLS connection that authenticated both ends.</summary>
public abstract class CarrierConnection : IAsyncDisposable
{
    /// <summary>The carrier's number on the wire.</summary>
    public abstract int Number { get; }

    /// <summary>For people and metrics, such as <c>UDP</c>.</summary>
    public abstract string Name { get; }

    /// <summary>Bytes both ways, in order, authenticated and encrypted by the carrier.</summary>
    public abstract Stream Stream { get; }

    /// <summary>What the way measures now.</summary>
    public abstract CarrierState ReadState();

    /// <summary>Sends something that the peer answers, whatever stands in the way of data: silence after it means something.</summary>
    public virtual void Probe()
    {
    }

    /// <summary>Ends the way: readers and writers of <see cref="Stream"/> fail with this reason, and the transfer resumes elsewhere.</summary>
    public abstract void Fail(string reason);

    /// <inheritdoc/>
    public abstract ValueTask DisposeAsync();
}
