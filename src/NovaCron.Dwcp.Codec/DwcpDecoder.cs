using System.Buffers;
using NovaCron.Dwcp.Codec.Entropy;
using NovaCron.Dwcp.Codec.Frames;

namespace NovaCron.Dwcp.Codec;

/// <summary>Decodes a frame that lies in memory. Streams: <see cref="DwcpStream"/>; parts of an archive: <see cref="DwcpArchive"/>.</summary>
public static class DwcpDecoder
{
    /// <summary>Decodes the frame and writes its content to <paramref name="destination"/>, block by block, each verified before.</summary>
    /// <exception cref="DwcpFormatException">The frame is malformed, damaged, cut off, followed by other bytes, or above a limit.</exception>
    public static void Decode(ReadOnlySpan<byte> frame, IBufferWriter<byte> destination, DwcpDecoderOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(destination);
        var decoder = new FrameDecoder(Bytes.Take(ref frame, FrameHeader.Size), options ?? DwcpDecoderOptions.Default);
        while (true)
        {
            ReadOnlySpan<byte> header = Bytes.Take(ref frame, BlockHeader.Size);
            if (decoder.Begin(header) is not { } job)
            {
                while (decoder.HasPending)
                {
                    WriteOldest(decoder, destination);
                }

                ReadOnlySpan<byte> index = Bytes.Take(ref frame, (uint)decoder.IndexLength);
                decoder.CheckEnd(header, index, Bytes.Take(ref frame, FrameIndex.FooterSize));
                break;
            }

            Bytes.Take(ref frame, (uint)job.InputLength).CopyTo(job.InputBuffer);
            decoder.Dispatch(job);
            if (decoder.MustTake)
            {
                WriteOldest(decoder, destination);
            }
        }

        if (!frame.IsEmpty)
        {
            throw new DwcpFormatException($"{frame.Length} bytes follow the end of the frame.");
        }
    }

    /// <summary>Decodes the frame into a new array.</summary>
    public static byte[] Decode(ReadOnlySpan<byte> frame, DwcpDecoderOptions? options = null)
    {
        var writer = new ArrayBufferWriter<byte>();
        Decode(frame, writer, options);
        return writer.WrittenSpan.ToArray();
    }

    private static void WriteOldest(FrameDecoder decoder, IBufferWriter<byte> destination)
    {
        BlockJob job = decoder.Take();
        job.Join();
        decoder.Complete(job);
        destination.Write(job.Result.Span);
        decoder.Release(job);
    }
}
