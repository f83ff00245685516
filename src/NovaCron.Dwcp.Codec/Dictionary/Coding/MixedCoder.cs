using NovaCron.Dwcp.Codec.Entropy.Mixing;

namespace NovaCron.Dwcp.Codec.Dictionary.Coding;

/// <summary>
/// The mixed coding of a block: everything goes through a <see cref="MixingModel"/>, byte by byte, or in runs where an earlier place has agreed for
/// long. No offset or length is ever written: the model finds the places itself, on both sides.
/// </summary>
internal sealed unsafe class MixedCoder
{
    private readonly MixingModel _model = new();

    /// <summary>Encodes a block.</summary>
    /// <returns>The bytes written, or 0 when they would not fit <paramref name="destination"/>.</returns>
    public int Encode(ReadOnlySpan<byte> block, Span<byte> destination)
    {
        fixed (byte* b = block)
        fixed (byte* d = destination)
        {
            var coder = new BinaryEncoder(d, d + destination.Length);
            _model.Begin(b, block.Length, TextDetector.IsText(block));
            byte* end = b + block.Length;
            for (byte* at = b; at < end && !coder.Overflowed;)
            {
                at += _model.Code(ref coder, at, end, write: false);
            }

            int written = coder.Finish();
            return coder.Overflowed ? 0 : written;
        }
    }

    /// <summary>Decodes a block.</summary>
    /// <exception cref="DwcpFormatException">The payload is malformed.</exception>
    public void Decode(ReadOnlySpan<byte> payload, Span<byte> block, bool text)
    {
        fixed (byte* p = payload)
        fixed (byte* b = block)
        {
            var coder = new BinaryDecoder(p, p + payload.Length);
            _model.Begin(b, block.Length, text);
            byte* end = b + block.Length;
            for (byte* at = b; at < end;)
            {
                at += _model.Code(ref coder, at, end, write: true);
                if (coder.Exhausted)
                {
                    throw Malformed();
                }
            }

            if (!coder.EndedWell)
            {
                throw Malformed();
            }
        }
    }

    private static DwcpFormatException Malformed() => new("A mixed block does not end where its payload does.");
}
