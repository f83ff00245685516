using NovaCron.Dwcp.Transport.Datacenter;

namespace NovaCron.Dwcp.Transport.Rdma;

/// <summary>The two ways in which UCX carries extents.</summary>
internal static class UcxCarriers
{
    /// <param name="link">Belongs to the reader from now on.</param>
    /// <param name="messages">True for messages, false for puts.</param>
    public static IPayloadReader Reader(UcxLink link, bool messages) => messages ? new UcxMessageReader(link) : new UcxPayloadReader(link);

    /// <param name="link">Belongs to the writer from now on.</param>
    /// <param name="messages">True for messages, false for puts.</param>
    public static IPayloadWriter Writer(UcxLink link, bool messages) => messages ? new UcxMessageWriter(link) : new UcxPayloadWriter(link);
}
