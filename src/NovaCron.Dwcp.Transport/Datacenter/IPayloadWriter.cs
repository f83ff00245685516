namespace NovaCron.Dwcp.Transport.Datacenter;

/// <summary>
/// Carries payload to the receiver, apart from the session. Extents are numbered in the order in which they travel (0, 1, 2 ...). Used by one thread; <see cref="Abort"/>
/// may come from any.
/// </summary>
internal interface IPayloadWriter : IDisposable
{
    /// <summary>Memory to fill with a piece; valid until the extent completed.</summary>
    Span<byte> Rent(long number, int offset, int length);

    /// <summary>Sends the piece that was filled.</summary>
    void Send(long number, int offset, int length);

    /// <summary>The extent's last piece was sent.</summary>
    void Finish(long number);

    /// <summary>Takes the next extent, in order, whose payload is where the receiver can read it.</summary>
    bool TryTakeComplete(out long number);

    /// <summary>Waits until something may have changed: a completion, or a call of <see cref="Wake"/>.</summary>
    void Wait();

    /// <summary>Ends a <see cref="Wait"/>; from any thread.</summary>
    void Wake();

    /// <summary>Makes every call fail soon; from any thread.</summary>
    void Abort();
}
