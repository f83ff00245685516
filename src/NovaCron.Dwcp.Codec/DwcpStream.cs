using System.IO.Compression;
using NovaCron.Dwcp.Codec.Frames;

namespace NovaCron.Dwcp.Codec;

/// <summary>
/// A frame as a stream: writing to it encodes into the inner stream, reading from it decodes out of the inner stream. Blocks are coded on
/// several threads and never reordered. Disposing an encoding stream writes the index; a frame without it does not decode. Not thread-safe.
/// </summary>
public sealed class DwcpStream : Stream
{
    private readonly Stream _inner;
    private readonly bool _leaveOpen;
    private readonly FrameEncoder? _encoder;
    private readonly DwcpDecoderOptions? _decoderOptions;
    private readonly AdaptiveController? _adaptive;
    private readonly byte[] _head = new byte[Math.Max(FrameHeader.Size, BlockHeader.Size)];
    private FrameDecoder? _decoder;
    private BlockJob? _reading;
    private int _readPosition;
    private bool _headerWritten;
    private bool _finished;
    private bool _failed;
    private bool _disposed;

    /// <summary>A stream that encodes what is written to it into <paramref name="inner"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An option is outside its range.</exception>
    public DwcpStream(Stream inner, DwcpEncoderOptions options, bool leaveOpen = false, TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(inner);
        ArgumentNullException.ThrowIfNull(options);
        _inner = inner;
        _leaveOpen = leaveOpen;
        _encoder = new FrameEncoder(options);
        _adaptive = _encoder.IsAdaptive ? new AdaptiveController(time ?? TimeProvider.System) : null;
    }

    /// <summary>A stream that decodes the frame in <paramref name="inner"/>.</summary>
    public DwcpStream(Stream inner, DwcpDecoderOptions options, bool leaveOpen = false)
    {
        ArgumentNullException.ThrowIfNull(inner);
        ArgumentNullException.ThrowIfNull(options);
        _inner = inner;
        _leaveOpen = leaveOpen;
        _decoderOptions = options;
    }

    /// <summary>A stream with the default options.</summary>
    public static DwcpStream Create(Stream inner, CompressionMode mode, bool leaveOpen = false) =>
        mode == CompressionMode.Compress
            ? new DwcpStream(inner, DwcpEncoderOptions.Default, leaveOpen)
            : new DwcpStream(inner, DwcpDecoderOptions.Default, leaveOpen);

    /// <inheritdoc/>
    public override bool CanRead => !_disposed && _decoderOptions is not null;

    /// <inheritdoc/>
    public override bool CanWrite => !_disposed && _encoder is not null;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException("A DwcpStream has no length; DwcpArchive knows it.");

    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException("A DwcpStream has no position; use DwcpArchive to read from anywhere.");
        set => throw new NotSupportedException("A DwcpStream does not seek; use DwcpArchive to read from anywhere.");
    }

    private FrameEncoder Encoder =>
        _disposed ? throw new ObjectDisposedException(nameof(DwcpStream))
        : _encoder ?? throw new NotSupportedException("This stream decodes; it cannot be written.");

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count)
    {
        ValidateBufferArguments(buffer, offset, count);
        Write(buffer.AsSpan(offset, count));
    }

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        FrameEncoder encoder = Encoder;
        try
        {
            while (!buffer.IsEmpty)
            {
                long before = _adaptive?.Now() ?? 0;
                buffer = buffer[encoder.Fill(buffer)..]; // with one thread, encodes
                _adaptive?.Encoded(before);
                if (encoder.MustTake)
                {
                    WriteOldest(encoder);
                }
            }
        }
        catch
        {
            _failed = true;
            throw;
        }
    }

    /// <inheritdoc/>
    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        ValidateBufferArguments(buffer, offset, count);
        return WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
    }

    /// <inheritdoc/>
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        FrameEncoder encoder = Encoder;
        try
        {
            while (!buffer.IsEmpty)
            {
                cancellationToken.ThrowIfCancellationRequested();
                long before = _adaptive?.Now() ?? 0;
                buffer = buffer[encoder.Fill(buffer.Span)..]; // with one thread, encodes
                _adaptive?.Encoded(before);
                if (encoder.MustTake)
                {
                    await WriteOldestAsync(encoder, cancellationToken).ConfigureAwait(false);
                }
            }
        }
        catch
        {
            _failed = true;
            throw;
        }
    }

    private void WriteOldest(FrameEncoder encoder)
    {
        WriteHeader(encoder);
        BlockJob job = encoder.Take();
        long before = _adaptive?.Now() ?? 0;
        job.Join();
        _adaptive?.Encoded(before);
        before = _adaptive?.Now() ?? 0;
        _inner.Write(job.Result.Span);
        Decide(encoder, before);
        encoder.Release(job);
    }

    private async ValueTask WriteOldestAsync(FrameEncoder encoder, CancellationToken cancellationToken)
    {
        WriteHeader(encoder);
        BlockJob job = encoder.Take();
        long before = _adaptive?.Now() ?? 0;
        if (job.Work is { } work)
        {
            await work.ConfigureAwait(false);
        }

        _adaptive?.Encoded(before);
        before = _adaptive?.Now() ?? 0;
        await _inner.WriteAsync(job.Result, cancellationToken).ConfigureAwait(false);
        Decide(encoder, before);
        encoder.Release(job);
    }

    private void Decide(FrameEncoder encoder, long before)
    {
        if (_adaptive is not null)
        {
            _adaptive.Written(before);
            encoder.LevelOfNextBlock = _adaptive.Level;
        }
    }

    private void WriteHeader(FrameEncoder encoder)
    {
        if (!_headerWritten)
        {
            encoder.WriteHeader(_head);
            _inner.Write(_head, 0, FrameHeader.Size);
            _headerWritten = true;
        }
    }

    /// <summary>Passes finished blocks on. A block that is not full stays, since cutting it here would change the frame's bytes.</summary>
    public override void Flush()
    {
        if (_encoder is not null)
        {
            _inner.Flush();
        }
    }

    /// <inheritdoc/>
    public override Task FlushAsync(CancellationToken cancellationToken) =>
        _encoder is null ? Task.CompletedTask : _inner.FlushAsync(cancellationToken);

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count)
    {
        ValidateBufferArguments(buffer, offset, count);
        return Read(buffer.AsSpan(offset, count));
    }

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        CheckReadable();
        if (buffer.IsEmpty)
        {
            return 0;
        }

        while (_reading is null && !_finished)
        {
            _decoder ??= new FrameDecoder(ReadHead(FrameHeader.Size), _decoderOptions!);
            while (!_decoder.Ended && !_decoder.MustTake)
            {
                if (_decoder.Begin(ReadHead(BlockHeader.Size)) is { } job)
                {
                    Fill(job.InputBuffer.AsSpan(0, job.InputLength));
                    _decoder.Dispatch(job);
                }
            }

            if (_decoder.HasPending)
            {
                Next();
                _reading!.Join();
                _decoder.Complete(_reading);
            }
            else
            {
                byte[] rest = new byte[_decoder.IndexLength + FrameIndex.FooterSize];
                Fill(rest);
                End(rest, _inner.ReadByte() >= 0);
            }
        }

        return Deliver(buffer);
    }

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        ValidateBufferArguments(buffer, offset, count);
        return ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
    }

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        CheckReadable();
        if (buffer.IsEmpty)
        {
            return 0;
        }

        while (_reading is null && !_finished)
        {
            if (_decoder is null)
            {
                await FillAsync(_head.AsMemory(0, FrameHeader.Size), cancellationToken).ConfigureAwait(false);
                _decoder = new FrameDecoder(_head.AsSpan(0, FrameHeader.Size), _decoderOptions!);
            }

            while (!_decoder.Ended && !_decoder.MustTake)
            {
                await FillAsync(_head.AsMemory(0, BlockHeader.Size), cancellationToken).ConfigureAwait(false);
                if (_decoder.Begin(_head.AsSpan(0, BlockHeader.Size)) is { } job)
                {
                    await FillAsync(job.InputBuffer.AsMemory(0, job.InputLength), cancellationToken).ConfigureAwait(false);
                    _decoder.Dispatch(job);
                }
            }

            if (_decoder.HasPending)
            {
                Next();
                if (_reading!.Work is { } work)
                {
                    await work.ConfigureAwait(false);
                }

                _decoder.Complete(_reading);
            }
            else
            {
                byte[] rest = new byte[_decoder.IndexLength + FrameIndex.FooterSize];
                await FillAsync(rest, cancellationToken).ConfigureAwait(false);
                byte[] one = new byte[1];
                End(rest, await _inner.ReadAsync(one, cancellationToken).ConfigureAwait(false) > 0);
            }
        }

        return Deliver(buffer.Span);
    }

    private void CheckReadable()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_decoderOptions is null)
        {
            throw new NotSupportedException("This stream encodes; it cannot be read.");
        }

        if (_failed)
        {
            throw new DwcpFormatException("The frame was found malformed before; nothing after that place is decoded.");
        }

        _failed = !_finished && _reading is null;
    }

    private void Next()
    {
        _reading = _decoder!.Take();
        _readPosition = 0;
    }

    private void End(byte[] rest, bool more)
    {
        _decoder!.CheckEnd(
            _head.AsSpan(0, BlockHeader.Size), rest.AsSpan(0, _decoder.IndexLength), rest.AsSpan(_decoder.IndexLength));
        _finished = !more ? true : throw new DwcpFormatException("Bytes follow the end of the frame.");
    }

    private int Deliver(Span<byte> buffer)
    {
        _failed = false;
        if (_reading is null)
        {
            return 0;
        }

        int count = Math.Min(buffer.Length, _reading.OutputLength - _readPosition);
        _reading.Result.Span.Slice(_readPosition, count).CopyTo(buffer);
        _readPosition += count;
        if (_readPosition == _reading.OutputLength)
        {
            _decoder!.Release(_reading);
            _reading = null;
        }

        return count;
    }

    private ReadOnlySpan<byte> ReadHead(int count)
    {
        Fill(_head.AsSpan(0, count));
        return _head.AsSpan(0, count);
    }

    private void Fill(Span<byte> buffer)
    {
        if (_inner.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false) < buffer.Length)
        {
            throw CutOff();
        }
    }

    private async ValueTask FillAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (await _inner.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false) < buffer.Length)
        {
            throw CutOff();
        }
    }

    private static DwcpFormatException CutOff() => new("The frame is cut off: the stream ended before it. Fetch the archive again.");

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) =>
        throw new NotSupportedException("A DwcpStream does not seek; use DwcpArchive to read from anywhere.");

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException("The length of a DwcpStream follows from what is written.");

    /// <summary>
    /// Gives an encoding stream up: disposing it then writes nothing more, so that content which could not be read to its end never
    /// becomes a frame that decodes.
    /// </summary>
    public void Abort() => _failed = true;

    /// <summary>Writes the last block, the index and the footer, unless a write failed before: then the frame stays visibly incomplete.</summary>
    protected override void Dispose(bool disposing)
    {
        if (disposing && !_disposed)
        {
            try
            {
                if (_encoder is not null && !_failed)
                {
                    _encoder.Flush();
                    WriteHeader(_encoder);
                    while (_encoder.HasPending)
                    {
                        WriteOldest(_encoder);
                    }

                    _inner.Write(_encoder.Finish());
                    _inner.Flush();
                }
            }
            finally
            {
                _disposed = true;
                if (!_leaveOpen)
                {
                    _inner.Dispose();
                }
            }
        }

        base.Dispose(disposing);
    }

    /// <inheritdoc cref="Dispose(bool)"/>
    public override async ValueTask DisposeAsync()
    {
        if (!_disposed)
        {
            try
            {
                if (_encoder is not null && !_failed)
                {
                    _encoder.Flush();
                    WriteHeader(_encoder);
                    while (_encoder.HasPending)
                    {
                        await WriteOldestAsync(_encoder, CancellationToken.None).ConfigureAwait(false);
                    }

                    await _inner.WriteAsync(_encoder.Finish()).ConfigureAwait(false);
                    await _inner.FlushAsync().ConfigureAwait(false);
                }
            }
            finally
            {
                _disposed = true;
                if (!_leaveOpen)
                {
                    await _inner.DisposeAsync().ConfigureAwait(false);
                }
            }
        }

        GC.SuppressFinalize(this);
    }
}
