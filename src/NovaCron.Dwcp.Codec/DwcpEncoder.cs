using System.Buffers;
using NovaCron.Dwcp.Codec.Frames;

namespace NovaCron.Dwcp.Codec;

/// <summary>Encodes content that lies in memory into one frame. Streams: <see cref="DwcpStream"/>.</summary>
public static class DwcpEncoder
{
    /// <summary>Encodes all of <paramref name="content"/> and writes the frame to <paramref name="destination"/>.</summary>
    /// <param name="content">Any length, none included.</param>
    /// <param name="destination">Receives the frame.</param>
    /// <param name="options">Level, block length and threads; the defaults where null. The content's length is announced.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is outside its range.</exception>
    public static void Encode(ReadOnlySpan<byte> content, IBufferWriter<byte> destination, DwcpEncoderOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(destination);
        var encoder = new FrameEncoder((options ?? DwcpEncoderOptions.Default) with { ContentLength = content.Length });
        encoder.WriteHeader(destination.GetSpan(FrameHeader.Size));
        destination.Advance(FrameHeader.Size);
        while (!content.IsEmpty)
        {
            content = content[encoder.Fill(content)..];
            if (encoder.MustTake)
            {
                WriteOldest(encoder, destination);
            }
        }

        encoder.Flush();
        while (encoder.HasPending)
        {
            WriteOldest(encoder, destination);
        }

        destination.Write(encoder.Finish());
    }

    /// <summary>Encodes all of <paramref name="content"/> into a new array.</summary>
    public static byte[] Encode(ReadOnlySpan<byte> content, DwcpEncoderOptions? options = null)
    {
        var writer = new ArrayBufferWriter<byte>(1024 + content.Length / 2);
        Encode(content, writer, options);
        return writer.WrittenSpan.ToArray();
    }

    private static void WriteOldest(FrameEncoder encoder, IBufferWriter<byte> destination)
    {
        BlockJob job = encoder.Take();
        job.Join();
        destination.Write(job.Result.Span);
        encoder.Release(job);
    }
}
