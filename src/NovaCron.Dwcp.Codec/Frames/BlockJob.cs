namespace NovaCron.Dwcp.Codec.Frames;

/// <summary>One block on its way through an encoder or decoder. Buffers grow to what is needed and stay for the next block.</summary>
internal sealed class BlockJob
{
    private byte[] _input = [];
    private byte[] _output = [];

    public long Number;
    public BlockHeader Header;
    public DwcpLevel Level;
    public int InputLength;
    public int OutputLength;
    public Task? Work;

    public byte[] Input(int length) => _input.Length >= length ? _input : _input = GC.AllocateUninitializedArray<byte>(length);

    public byte[] Output(int length) => _output.Length >= length ? _output : _output = GC.AllocateUninitializedArray<byte>(length);

    public byte[] InputBuffer => _input;

    public byte[] OutputBuffer => _output;

    public ReadOnlyMemory<byte> Result => _output.AsMemory(0, OutputLength);

    /// <summary>Waits for the work and throws what it threw.</summary>
    public void Join() => Work?.GetAwaiter().GetResult();
}
