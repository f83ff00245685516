namespace NovaCron.Dwcp.Transport.Datacenter;

/// <summary>Hands the receiver its own copy of payload. Used by one thread; <see cref="Wake"/> and <see cref="Abort"/> may come from any.</summary>
internal interface IPayloadReader : IDisposable
{
    /// <summary>True when an extent may only be read after its notice came; false when its bytes are waited for in <see cref="Read"/>.</summary>
    bool ReadsAfterNotice { get; }

    /// <summary>Copies a piece out; after it returns the peer cannot change the copy.</summary>
    void Read(long number, int offset, Span<byte> piece);

    /// <summary>Waits until something may have changed.</summary>
    void Wait();

    /// <summary>Ends a <see cref="Wait"/>; from any thread.</summary>
    void Wake();

    /// <summary>Makes every call fail soon; from any thread.</summary>
    void Abort();
}
