using System.Text;

namespace NovaCron.Dwcp.Transport.Protocol;

/// <summary>The payload of an Error frame.</summary>
internal static class ErrorFrame
{
    public static void Write(WireWriter writer, DwcpTransferException e)
    {
        var message = e.Message;
        while (Encoding.UTF8.GetByteCount(message) > WireLimits.MaxMessage) message = message[..(message.Length / 2)];
        writer.Number((int)e.Code).Byte((byte)e.Fault).Text(message);
    }

    /// <summary>The error as an exception of the reader's side. Codes of newer versions arrive as <see cref="DwcpErrorCode.Unknown"/>.</summary>
    public static DwcpTransferException Read(ReadOnlySpan<byte> payload)
    {
        var reader = new WireReader(payload);
        var number = reader.Count("error code", 1_000_000);
        var fault = reader.Byte();
        var message = reader.Text("message", WireLimits.MaxMessage);
        reader.ExpectEnd("an Error frame");
        var code = Enum.IsDefined((DwcpErrorCode)number) ? (DwcpErrorCode)number : DwcpErrorCode.Unknown;
        return new DwcpTransferException(code, fault == (byte)DwcpFault.Server ? DwcpFault.Server : DwcpFault.Client, Clean(message));
    }

    // The text comes from the peer and goes to terminals and logs.
    private static string Clean(string message) => string.Concat(message.Select(c => char.IsControl(c) ? ' ' : c));
}
