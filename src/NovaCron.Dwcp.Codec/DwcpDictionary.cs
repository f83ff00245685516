using System.Buffers.Binary;
using System.IO.Hashing;
using NovaCron.Dwcp.Codec.Components;
using NovaCron.Dwcp.Codec.Dictionary.Shared;
using NovaCron.Dwcp.Codec.Entropy;

namespace NovaCron.Dwcp.Codec;

/// <summary>
/// What many small payloads have in common, trained from samples of them: strings to copy, and what the entropy models would have learned. A payload of some hundred
/// bytes has no history of its own to compress with. Both sides need the same dictionary; its number is in what was encoded with it. Thread-safe.
/// </summary>
public sealed class DwcpDictionary
{
    /// <summary>The longest content, bytes.</summary>
    public const int MaxContentLength = 1 << 20;

    /// <summary>The length of a trained content unless told otherwise, bytes: that of zstd's dictionaries.</summary>
    public const int DefaultContentLength = 112_640;

    /// <summary>The fewest samples that a dictionary is trained from.</summary>
    public const int MinSamples = 8;

    /// <summary>The longest payload that a dictionary is used for, bytes; longer ones have a history of their own.</summary>
    public const int MaxPayloadLength = DictionaryCoder.MaxPayload;

    /// <summary>The most bytes that a compact frame has beside the payload's own.</summary>
    public const int MaxCompactOverhead = 1 + 4 + Bytes.MaxVarint + 1 + 4;

    private const uint Magic = 0x4443_5744; // "DWCD"
    private const byte Version = 1;
    private const int HeaderSize = 24;
    private const int MaxSamplesKept = 1 << 16;
    private const int MaxPrimingLength = 1 << 20;
    private const int PrimingLength = 1 << 17;
    private const byte CompactMagic = 0xDC;

    private readonly byte[] _file;
    private readonly byte[] _primed;
    private readonly bool _text;
    private readonly DictionaryIndex _index;
    private readonly Stack<DictionaryCoder> _idle = new();

    private DwcpDictionary(byte[] file, bool text, uint id, int contentLength, int samples, int primingLength)
    {
        _file = file;
        _text = text;
        Id = id;
        ContentLength = contentLength;
        _index = new DictionaryIndex(Content);
        var coder = new DictionaryCoder(Content, text, null, _index);
        _primed = coder.Prime(file.AsSpan(HeaderSize + contentLength, primingLength), samples, MaxPrimingLength);
    }

    /// <summary>Its number: a hash of it, never 0.</summary>
    public uint Id { get; }

    /// <summary>Bytes of its content.</summary>
    public int ContentLength { get; }

    /// <summary>Bytes of its file.</summary>
    public int FileLength => _file.Length;

    private ReadOnlySpan<byte> Content => _file.AsSpan(HeaderSize, ContentLength);

    /// <summary>Trains a dictionary. The same samples in the same order give the same dictionary on any machine.</summary>
    /// <param name="samples">Payloads of the kind that it is for, each alone; at least <see cref="MinSamples"/>, better hundreds, together a hundred times its length.</param>
    /// <param name="contentLength">The length of its content at most, bytes, 256 to <see cref="MaxContentLength"/>.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ArgumentException">There are too few samples, or they are too short.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The length is outside its range.</exception>
    public static DwcpDictionary Train(IReadOnlyList<ReadOnlyMemory<byte>> samples, int contentLength = DefaultContentLength, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(samples);
        ArgumentOutOfRangeException.ThrowIfLessThan(contentLength, 256);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(contentLength, MaxContentLength);
        List<ReadOnlyMemory<byte>> usable = [.. samples.Where(static s => s.Length >= 8)];
        if (usable.Count < MinSamples)
        {
            throw new ArgumentException(
                $"A dictionary needs at least {MinSamples} samples of 8 bytes or more; these are {usable.Count}. Give each payload as a sample of its own (dwcp train --lines, New-DwcpDictionary -Lines for files of one payload a line).",
                nameof(samples));
        }

        // Every fourth sample is kept from the content: on what the content was made of it would look better than it is, and the models would learn to copy all.
        List<ReadOnlyMemory<byte>> forContent = [.. usable.Where(static (_, i) => i % 4 != 0)];
        List<ReadOnlyMemory<byte>> heldOut = [.. usable.Where(static (_, i) => i % 4 == 0)];
        bool text = DictionaryTrainer.AreText(usable);
        List<ReadOnlyMemory<byte>> trial = DictionaryTrainer.Spread(heldOut, PrimingLength);
        byte[] best = [];
        long bestSize = long.MaxValue;
        foreach (int segmentLength in DictionaryTrainer.SegmentLengths)
        {
            cancellationToken.ThrowIfCancellationRequested();
            byte[] content = DictionaryTrainer.Choose(forContent, contentLength, segmentLength);
            content = content[(content.Length % 4)..]; // places modulo 4 are a context
            long size = new DictionaryCoder(content, text, null, new DictionaryIndex(content)).EncodeSamples(trial, null);
            if (size < bestSize)
            {
                bestSize = size;
                best = content;
            }

            if (content.Length < contentLength / 2)
            {
                break; // all of the samples fit; other segments choose the same
            }
        }

        var priming = new MemoryStream();
        new DictionaryCoder(best, text, null, new DictionaryIndex(best)).EncodeSamples(trial, priming);
        return Load(Write(best, text, trial.Count(static s => s.Length > 0), priming.ToArray()));
    }

    private static byte[] Write(ReadOnlySpan<byte> content, bool text, int samples, ReadOnlySpan<byte> priming)
    {
        byte[] file = new byte[HeaderSize + content.Length + priming.Length + 8];
        BinaryPrimitives.WriteUInt32LittleEndian(file, Magic);
        file[4] = Version;
        file[5] = text ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(12), content.Length);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(16), samples);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(20), priming.Length);
        content.CopyTo(file.AsSpan(HeaderSize));
        priming.CopyTo(file.AsSpan(HeaderSize + content.Length));
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(8), IdOf(file));
        BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(file.Length - 8), XxHash3.HashToUInt64(file.AsSpan(0, file.Length - 8)));
        return file;
    }

    // Of everything behind the number; 0 means no dictionary.
    private static uint IdOf(ReadOnlySpan<byte> file) => Math.Max(1, (uint)XxHash3.HashToUInt64(file[12..^8]));

    /// <summary>Reads a dictionary.</summary>
    /// <param name="file">As <see cref="ToArray"/> gave it.</param>
    /// <exception cref="DwcpFormatException">It is no dictionary, damaged, or of a version that this one does not know.</exception>
    public static DwcpDictionary Load(ReadOnlySpan<byte> file)
    {
        if (file.Length < HeaderSize + 8 || BinaryPrimitives.ReadUInt32LittleEndian(file) != Magic)
        {
            throw new DwcpFormatException("This is not a DWCP dictionary: it does not begin with 'DWCD'. Make one with New-DwcpDictionary or dwcp train.");
        }

        if (BinaryPrimitives.ReadUInt64LittleEndian(file[^8..]) != XxHash3.HashToUInt64(file[..^8]))
        {
            throw new DwcpFormatException("The dictionary is damaged: its checksum does not match. Fetch it again.");
        }

        int content = BinaryPrimitives.ReadInt32LittleEndian(file[12..]);
        int samples = BinaryPrimitives.ReadInt32LittleEndian(file[16..]);
        int priming = BinaryPrimitives.ReadInt32LittleEndian(file[20..]);
        uint id = BinaryPrimitives.ReadUInt32LittleEndian(file[8..]);
        return file[4] != Version || file[5] > 1 || file[6] != 0 || file[7] != 0
            ? throw new DwcpFormatException($"The dictionary has version {file[4]}; this DWCP knows version {Version}. Use a newer one.")
            : content is < 0 or > MaxContentLength || content % 4 != 0 || samples is < 0 or > MaxSamplesKept || priming < 0
            || (long)HeaderSize + content + priming + 8 != file.Length || id != IdOf(file)
            ? throw new DwcpFormatException("The dictionary's lengths or number do not agree with its bytes.")
            : new DwcpDictionary(file.ToArray(), file[5] == 1, id, content, samples, priming);
    }

    /// <summary>Reads a dictionary from a file.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="DwcpFormatException">It is no dictionary, too long for one, or damaged.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static DwcpDictionary Load(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        if (stream.Length > HeaderSize + MaxContentLength + 2L * MaxPrimingLength)
        {
            throw new DwcpFormatException($"{path} is no dictionary: it has {stream.Length} bytes.");
        }

        byte[] file = new byte[stream.Length];
        stream.ReadExactly(file);
        return Load(file);
    }

    /// <summary>The dictionary as a file has it.</summary>
    public byte[] ToArray() => (byte[])_file.Clone();

    /// <summary>The most bytes that <see cref="Encode(ReadOnlySpan{byte}, Span{byte})"/> writes for a payload.</summary>
    public static int MaxEncodedLength(int payloadLength) => checked(payloadLength + MaxCompactOverhead);

    /// <summary>Encodes a payload as a compact frame: 11 bytes or so beside what it is compressed to.</summary>
    /// <param name="payload">At most <see cref="MaxPayloadLength"/> bytes.</param>
    /// <param name="destination">At least <see cref="MaxEncodedLength"/> bytes.</param>
    /// <returns>The bytes written.</returns>
    /// <exception cref="ArgumentException">The payload is too long or the destination too small.</exception>
    public int Encode(ReadOnlySpan<byte> payload, Span<byte> destination)
    {
        if (payload.Length > MaxPayloadLength)
        {
            throw new ArgumentException($"A compact frame holds at most {MaxPayloadLength} bytes; these are {payload.Length}. Use a DwcpEncoder.", nameof(payload));
        }

        if (destination.Length < MaxEncodedLength(payload.Length))
        {
            throw new ArgumentException($"The destination holds {destination.Length} bytes; a payload of {payload.Length} needs {MaxEncodedLength(payload.Length)}.", nameof(destination));
        }

        destination[0] = CompactMagic;
        BinaryPrimitives.WriteUInt32LittleEndian(destination[1..], Id);
        int n = 5 + Bytes.WriteVarint(destination[5..], (uint)payload.Length);
        if (payload.Length > 0)
        {
            int encoded = EncodeBlock(payload, destination.Slice(n, payload.Length + 1));
            if (encoded == 0)
            {
                destination[n] = BlockCodec.MethodStored;
                payload.CopyTo(destination[(n + 1)..]);
                encoded = payload.Length + 1;
            }

            n += encoded;
        }

        BinaryPrimitives.WriteUInt32LittleEndian(destination[n..], (uint)XxHash3.HashToUInt64(payload, Id));
        return n + 4;
    }

    /// <summary>Encodes a payload as a compact frame into a new array.</summary>
    public byte[] Encode(ReadOnlySpan<byte> payload)
    {
        byte[] destination = new byte[MaxEncodedLength(payload.Length)];
        return destination[..Encode(payload, destination)];
    }

    /// <summary>Decodes a compact frame.</summary>
    /// <param name="frame">All of it.</param>
    /// <param name="maxLength">The longest payload that is accepted, bytes.</param>
    /// <exception cref="DwcpFormatException">It is malformed, damaged, too long, or was made with another dictionary.</exception>
    public byte[] Decode(ReadOnlySpan<byte> frame, int maxLength = MaxPayloadLength)
    {
        if (frame.Length < 10 || frame[0] != CompactMagic)
        {
            throw new DwcpFormatException("This is not a compact frame of a dictionary.");
        }

        CheckId(BinaryPrimitives.ReadUInt32LittleEndian(frame[1..]), this);
        ReadOnlySpan<byte> rest = frame[5..^4];
        uint length = Bytes.ReadVarint(ref rest);
        if (length > (uint)Math.Min(maxLength, MaxPayloadLength))
        {
            throw new DwcpFormatException($"The compact frame holds {length} bytes; at most {Math.Min(maxLength, MaxPayloadLength)} are allowed.");
        }

        byte[] payload = new byte[length];
        if (length > 0)
        {
            DecodeBlock(rest, payload, this);
        }
        else if (!rest.IsEmpty)
        {
            throw new DwcpFormatException("An empty compact frame has a payload.");
        }

        return (uint)XxHash3.HashToUInt64(payload, Id) == BinaryPrimitives.ReadUInt32LittleEndian(frame[^4..])
            ? payload
            : throw new DwcpFormatException("The compact frame is damaged: its checksum does not match. Fetch it again.");
    }

    /// <summary>Fails unless a dictionary is the one that something was encoded with.</summary>
    internal static void CheckId(uint needed, DwcpDictionary? given)
    {
        if (given is null)
        {
            throw new DwcpFormatException($"This was encoded with dictionary {needed:x8}, and none was given. Give it that one (-Dictionary, dwcp expand --dictionary).");
        }

        if (given.Id != needed)
        {
            throw new DwcpFormatException($"This was encoded with dictionary {needed:x8}; the one given is {given.Id:x8}. Give it the right one.");
        }
    }

    /// <summary>Encodes a block behind the dictionary.</summary>
    /// <returns>The bytes written, with the method; 0 where the block is too long or they would not fit <paramref name="destination"/>.</returns>
    internal int EncodeBlock(ReadOnlySpan<byte> block, Span<byte> destination)
    {
        if (block.Length > MaxPayloadLength || destination.Length < 2)
        {
            return 0;
        }

        DictionaryCoder coder = Rent();
        int encoded = coder.Encode(block, destination[1..]);
        Return(coder);
        if (encoded == 0)
        {
            return 0;
        }

        destination[0] = BlockCodec.MethodDictionary;
        HdeComponent.RecordDictionaryBlock(block.Length);
        return encoded + 1;
    }

    /// <summary>Decodes a block's payload of any method that stands alone, or behind a dictionary.</summary>
    internal static void DecodeBlock(ReadOnlySpan<byte> payload, Span<byte> block, DwcpDictionary? dictionary)
    {
        if (dictionary is null || payload.IsEmpty || payload[0] != BlockCodec.MethodDictionary)
        {
            BlockCodec.Decode(payload, block);
            return;
        }

        if (block.Length > MaxPayloadLength)
        {
            throw new DwcpFormatException($"A block behind a dictionary has {block.Length} bytes; {MaxPayloadLength} are the most.");
        }

        DictionaryCoder coder = dictionary.Rent();
        try
        {
            coder.Decode(payload[1..], block);
        }
        finally
        {
            dictionary.Return(coder);
        }
    }

    private DictionaryCoder Rent()
    {
        lock (_idle)
        {
            if (_idle.TryPop(out DictionaryCoder? coder))
            {
                return coder;
            }
        }

        return new DictionaryCoder(Content, _text, _primed, _index);
    }

    private void Return(DictionaryCoder coder)
    {
        lock (_idle)
        {
            _idle.Push(coder);
        }
    }
}
