using NovaCron.Dwcp.Codec.Dictionary.References;

namespace NovaCron.Dwcp.Codec.Frames;

/// <summary>One block on its way through an encoder or decoder. Buffers grow to what is needed and stay for the next block.</summary>
internal sealed class BlockJob
{
    private byte[] _input = [];
    private byte[] _output = [];
    private ReferenceList? _references;

    public long Number;
    public BlockHeader Header;
    public DwcpLevel Level;
    public int InputLength;
    public int OutputLength;
    public Task? Work;

    /// <summary>Room for what is neither input nor output.</summary>
    public byte[] Scratch = [];

    /// <summary>What the block takes from the blocks of its group before it.</summary>
    public ReferenceList References => _references ??= new ReferenceList();

    /// <summary>Whether there is any of that.</summary>
    public bool HasReferences => _references is { Count: > 0 };

    /// <summary>How many blocks back that reaches, as the index says.</summary>
    public int Reach;

    public byte[] Input(int length) => _input.Length >= length ? _input : _input = GC.AllocateUninitializedArray<byte>(length);

    public byte[] Output(int length) => _output.Length >= length ? _output : _output = GC.AllocateUninitializedArray<byte>(length);

    public byte[] InputBuffer => _input;

    public byte[] OutputBuffer => _output;

    /// <summary>Gives the output away and works with another buffer from now on.</summary>
    public void ReplaceOutput(byte[] buffer) => _output = buffer;

    public ReadOnlyMemory<byte> Result => _output.AsMemory(0, OutputLength);

    /// <summary>Waits for the work and throws what it threw.</summary>
    public void Join() => Work?.GetAwaiter().GetResult();
}
