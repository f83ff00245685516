namespace NovaCron.Dwcp.Codec;

/// <summary>Encoded bytes do not follow docs/format.md, or break a limit that the caller set. The only exception that a decoder throws for its input.</summary>
public sealed class DwcpFormatException : Exception
{
    /// <param name="message">What is wrong, where, and what to do.</param>
    public DwcpFormatException(string message)
        : base(message)
    {
    }

    /// <param name="message">What is wrong, where, and what to do.</param>
    /// <param name="innerException">The cause.</param>
    public DwcpFormatException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
