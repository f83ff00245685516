using NovaCron.Dwcp.Transport.Datagrams;

namespace NovaCron.Dwcp.Transport.Tests.Datagrams;

/// <summary>An application on both ends of a <see cref="SimulatedPair"/>: the client writes random bytes on one stream, the server reads to its end.</summary>
internal sealed class SimulatedTransfer
{
    private readonly SimulatedPair _pair;
    private readonly MemoryStream _received = new();
    private readonly byte[] _buffer = new byte[64 * 1024];
    private readonly DatagramStream _writer;
    private DatagramStream? _reader;
    private int _written;
    private bool _completed;

    public SimulatedTransfer(SimulatedPair pair, int size, int seed)
    {
        _pair = pair;
        Data = new byte[size];
        new Random(seed).NextBytes(Data);
        _writer = pair.Client.TryOpenStream(StreamPriority.Bulk, 1, out _)!;
    }

    public byte[] Data { get; }

    public byte[] Received => _received.ToArray();

    /// <summary>Writes and reads what is possible now.</summary>
    /// <returns>Whether the reader saw the end.</returns>
    public bool Step()
    {
        while (_written < Data.Length && _writer.TryWrite(Data.AsSpan(_written), out _) is var count and > 0) _written += count;
        if (_written == Data.Length && !_completed)
        {
            _completed = true;
            _writer.CompleteWrites();
        }

        _reader ??= _pair.Server.TryAcceptStream(out _);
        while (_reader is not null)
        {
            var count = _reader.TryRead(_buffer, out _);
            if (count == 0) return true;
            if (count < 0) return false;
            _received.Write(_buffer, 0, count);
        }

        return false;
    }
}
