using System.Diagnostics;
using System.Security.Cryptography;
using NovaCron.Dwcp.Transport;
using NovaCron.Dwcp.Transport.Exchange;
using NovaCron.Dwcp.Transport.Objects;
using NovaCron.Dwcp.Transport.Protocol;
using NovaCron.Dwcp.Transport.Transfers;

namespace NovaCron.Dwcp.V1;

/// <summary>An open v1 session on the client.</summary>
internal sealed class V1ClientSession(V1Stream stream) : IClientSession
{
    /// <inheritdoc/>
    public bool IsUsable { get; private set; } = true;

    /// <inheritdoc/>
    public Task<ContentHash> SendAsync(string path, TransferSource source, TransferContext context, CancellationToken cancellationToken) =>
        RequestAsync(context, () => SendObjectAsync(path, source, context, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public Task<ContentHash> ReceiveAsync(string path, TransferSink sink, TransferContext context, CancellationToken cancellationToken) =>
        RequestAsync(context, () => ReceiveObjectAsync(path, sink, context, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<RemoteObject>> ListAsync(string prefix, CancellationToken cancellationToken) => RequestAsync<IReadOnlyList<RemoteObject>>(
        null,
        async () =>
        {
            await AskAsync(V1Message.List, prefix, cancellationToken).ConfigureAwait(false);
            var objects = new List<RemoteObject>();
            while (true)
            {
                var message = await NextAsync(cancellationToken).ConfigureAwait(false);
                if (message.Type == V1Message.EndObject) return objects;
                if (message.Type != V1Message.Listed || objects.Count >= V1Limits.MaxListed) throw new DwcpProtocolException($"A {message.Type} message came inside a list.");
                objects.Add(ReadListed(message.Body.Span));
            }
        },
        cancellationToken);

    /// <inheritdoc/>
    public Task<bool> DeleteAsync(string path, CancellationToken cancellationToken) => RequestAsync(
        null,
        async () =>
        {
            await AskAsync(V1Message.Delete, path, cancellationToken).ConfigureAwait(false);
            var body = await stream.ExpectAsync(V1Message.Deleted, cancellationToken).ConfigureAwait(false);
            return body.Length == 1 && body.Span[0] == 1;
        },
        cancellationToken);

    public ValueTask DisposeAsync()
    {
        IsUsable = false;
        return stream.DisposeAsync();
    }

    private static RemoteObject ReadListed(ReadOnlySpan<byte> body)
    {
        var reader = new WireReader(body);
        var item = new RemoteObject(
            reader.Text("path", RelativePath.MaxBytes),
            reader.Hash(),
            reader.Number("bytes", long.MaxValue),
            reader.Number("entries", long.MaxValue),
            DateTimeOffset.FromUnixTimeMilliseconds(Math.Clamp(reader.ZigZag(), -62_135_596_800_000, 253_402_300_799_999)));
        reader.ExpectEnd("a Listed message");
        return item;
    }

    private async Task<T> RequestAsync<T>(TransferContext? context, Func<Task<T>> request, CancellationToken cancellationToken)
    {
        var (sent, received) = (stream.BytesWritten, stream.BytesRead);
        context?.CountWireFrom(() => (stream.BytesWritten - sent, stream.BytesRead - received));
        var whole = false;
        try
        {
            var result = await request().ConfigureAwait(false);
            whole = true;
            return result;
        }
        catch (DwcpTransferException e) when (e.Code == DwcpErrorCode.NotFound)
        {
            whole = true;
            throw;
        }
        catch (DwcpTransferException e) when (e.Code == DwcpErrorCode.ConnectionFailed && !cancellationToken.IsCancellationRequested)
        {
            // The node may have said why before it closed.
            if (await TryReadErrorAsync().ConfigureAwait(false) is { } told) throw told;
            throw;
        }
        finally
        {
            if (!whole) IsUsable = false;
            context?.StopCountingWire();
        }
    }

    private async Task<DwcpTransferException?> TryReadErrorAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        try
        {
            return await stream.ReadAsync(limit.Token).ConfigureAwait(false) is { Type: V1Message.Error } message ? ErrorFrame.Read(message.Body.Span) : null;
        }
        catch (Exception e) when (e is DwcpTransferException or OperationCanceledException)
        {
            return null;
        }
    }

    private async Task<ContentHash> SendObjectAsync(string path, TransferSource source, TransferContext context, CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        await AskAsync(V1Message.Put, path, cancellationToken, flush: false).ConfigureAwait(false);
        var buffer = new byte[V1Limits.PieceBytes];
        foreach (var entry in SourceEntries.Of(source))
        {
            using (var header = new WireWriter())
            {
                entry.Header.Write(header);
                await stream.WriteAsync(V1Message.Entry, header.WrittenMemory, cancellationToken).ConfigureAwait(false);
            }

            context.Counters.AddEntries(1);
            if (entry.Header.Kind == EntryKind.File) await SendFileAsync(entry, buffer, context, cancellationToken).ConfigureAwait(false);
        }

        await stream.WriteAsync(V1Message.EndObject, ReadOnlyMemory<byte>.Empty, cancellationToken).ConfigureAwait(false);
        await stream.FlushAsync(cancellationToken).ConfigureAwait(false);
        var stored = await stream.ExpectAsync(V1Message.Stored, cancellationToken).ConfigureAwait(false);
        context.Counters.ChunkServiceTimes.Record(Stopwatch.GetElapsedTime(start));
        var reader = new WireReader(stored.Span);
        return reader.Hash();
    }

    private async Task SendFileAsync(SourceEntry entry, byte[] buffer, TransferContext context, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var file = entry.FullPath is null || entry.Header.Size == 0 ? null : entry.Open();
        var size = entry.Header.Size!.Value;
        for (var offset = 0L; offset < size;)
        {
            var length = (int)Math.Min(buffer.Length, size - offset);
            if (file is null) entry.Memory.Span.Slice((int)offset, length).CopyTo(buffer);
            else Read(entry, file, buffer.AsSpan(0, length), offset);
            hash.AppendData(buffer.AsSpan(0, length));
            await stream.WriteAsync(V1Message.Data, V1Stream.Compress(buffer.AsSpan(0, length)), cancellationToken).ConfigureAwait(false);
            offset += length;
            context.Counters.AddChunkBytes(length);
            context.Counters.AddSafeChunkBytes(length);
        }

        await stream.WriteAsync(V1Message.EndFile, hash.GetHashAndReset(), cancellationToken).ConfigureAwait(false);
    }

    private static void Read(SourceEntry entry, Microsoft.Win32.SafeHandles.SafeFileHandle file, Span<byte> destination, long offset)
    {
        try
        {
            while (!destination.IsEmpty)
            {
                var read = RandomAccess.Read(file, destination, offset);
                if (read == 0) throw new DwcpTransferException(DwcpErrorCode.LocalFile, DwcpFault.Client, $"{entry.FullPath} became shorter while it was read. Send it again when nobody writes it.");
                destination = destination[read..];
                offset += read;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DwcpTransferException(DwcpErrorCode.LocalFile, DwcpFault.Client, $"Cannot read {entry.FullPath}: {e.Message}", e);
        }
    }

    private async Task<ContentHash> ReceiveObjectAsync(string path, TransferSink sink, TransferContext context, CancellationToken cancellationToken)
    {
        await AskAsync(V1Message.Get, path, cancellationToken).ConfigureAwait(false);
        var (root, bytes) = ReadFound(await stream.ExpectAsync(V1Message.Found, cancellationToken).ConfigureAwait(false));
        context.TotalBytes = bytes;
        using var target = OpenTarget(sink, root, bytes);
        using var fileHash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var piece = new byte[V1Limits.PieceBytes];
        var entries = 0L;
        var offset = 0L;
        var open = false;
        while (true)
        {
            var message = await NextAsync(cancellationToken).ConfigureAwait(false);
            switch (message.Type)
            {
                case V1Message.Entry:
                    if (open) throw new DwcpProtocolException("An entry begins inside a file.");
                    var entry = ReadEntry(message.Body.Span);
                    target.Begin(entry, ++entries);
                    open = entry.Kind == EntryKind.File;
                    offset = 0;
                    context.Counters.AddEntries(1);
                    break;
                case V1Message.Data:
                    if (!open) throw new DwcpProtocolException("Data came outside of a file.");
                    var length = V1Stream.Expand(message.Body, piece);
                    fileHash.AppendData(piece.AsSpan(0, length));
                    target.Write(entries, offset, piece.AsSpan(0, length));
                    offset += length;
                    context.Counters.AddChunkBytes(length);
                    context.Counters.AddSafeChunkBytes(length);
                    break;
                case V1Message.EndFile:
                    if (!open || !fileHash.GetHashAndReset().AsSpan().SequenceEqual(message.Body.Span))
                        throw new DwcpProtocolException(DwcpErrorCode.CorruptChunk, $"A file of '{path}' has another SHA-256 than declared. Receive it again.");
                    target.EndFile(entries, offset);
                    open = false;
                    break;
                case V1Message.EndObject:
                    if (open || entries == 0) throw new DwcpProtocolException(DwcpErrorCode.TruncatedManifest, $"The object '{path}' ended too early.");
                    await target.CommitAsync(root, cancellationToken).ConfigureAwait(false);
                    return root;
                default:
                    throw new DwcpProtocolException($"A {message.Type} message came inside an object.");
            }
        }
    }

    private static V1Target OpenTarget(TransferSink sink, in ContentHash root, long bytes)
    {
        if (sink is MemorySink memory)
        {
            if (bytes > memory.MaximumBytes)
                throw new DwcpTransferException(DwcpErrorCode.LimitExceeded, DwcpFault.Client, $"The object has {bytes} bytes; the caller allows {memory.MaximumBytes} in memory.");
            return new V1Target(memory, null);
        }

        var directory = new DirectorySink(((PathSink)sink).Path, int.MaxValue);
        directory.Begin(root, resume: false);
        return new V1Target(null, directory);
    }

    private static (ContentHash Root, long Bytes) ReadFound(ReadOnlyMemory<byte> body)
    {
        var reader = new WireReader(body.Span);
        var found = (reader.Hash(), reader.Number("bytes", long.MaxValue));
        reader.ExpectEnd("a Found message");
        return found;
    }

    private static EntryHeader ReadEntry(ReadOnlySpan<byte> body)
    {
        var reader = new WireReader(body);
        var entry = EntryHeader.Read(ref reader);
        reader.ExpectEnd("an Entry message");
        return entry;
    }

    private async ValueTask<(V1Message Type, ReadOnlyMemory<byte> Body)> NextAsync(CancellationToken cancellationToken)
    {
        var message = await stream.ReadAsync(cancellationToken).ConfigureAwait(false)
            ?? throw new DwcpTransferException(DwcpErrorCode.ConnectionFailed, DwcpFault.Network, "The connection ended before the request was answered.");
        return message.Type == V1Message.Error ? throw ErrorFrame.Read(message.Body.Span) : message;
    }

    private async ValueTask AskAsync(V1Message type, string text, CancellationToken cancellationToken, bool flush = true)
    {
        using var body = new WireWriter();
        body.Text(text);
        await stream.WriteAsync(type, body.WrittenMemory, cancellationToken).ConfigureAwait(false);
        if (flush) await stream.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Memory or a directory, behind the few calls that v1 needs.</summary>
    private sealed class V1Target(MemorySink? memory, DirectorySink? directory) : IDisposable
    {
        private readonly MemoryStream _bytes = new();

        public void Begin(EntryHeader entry, long number)
        {
            directory?.Admit(entry, number);
            if (memory is not null && (entry.Kind != EntryKind.File || !entry.Path.IsRoot))
                throw new DwcpTransferException(DwcpErrorCode.InvalidRequest, DwcpFault.Client, "The object is not a single file; receive it to a path.");
        }

        public void Write(long entry, long offset, ReadOnlySpan<byte> bytes)
        {
            directory?.Write(entry, offset, bytes);
            if (memory is null) return;
            if (offset + bytes.Length > memory.MaximumBytes)
                throw new DwcpTransferException(DwcpErrorCode.LimitExceeded, DwcpFault.Client, $"The object has more than the {memory.MaximumBytes} bytes that the caller allows in memory.");
            _bytes.Write(bytes);
        }

        public void EndFile(long entry, long length) => directory?.EndFile(entry, length);

        public async Task CommitAsync(ContentHash root, CancellationToken cancellationToken)
        {
            if (directory is not null) await directory.CommitAsync(root, 0, 0, cancellationToken).ConfigureAwait(false);
            if (memory is not null) memory.Bytes = _bytes.ToArray();
        }

        public void Dispose()
        {
            directory?.Dispose();
            _bytes.Dispose();
        }
    }
}
