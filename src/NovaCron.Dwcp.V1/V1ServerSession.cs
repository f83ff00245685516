using System.Security.Cryptography;
using NovaCron.Dwcp.Codec.Dictionary.Chunking;
using NovaCron.Dwcp.Transport;
using NovaCron.Dwcp.Transport.Objects;
using NovaCron.Dwcp.Transport.Protocol;
using NovaCron.Dwcp.Transport.Sessions;
using NovaCron.Dwcp.Transport.Storage;

namespace NovaCron.Dwcp.V1;

/// <summary>One v1 session on the node: one request after another.</summary>
internal sealed class V1ServerSession : IAsyncDisposable
{
    private readonly V1Stream _stream;
    private readonly ServerSessionContext _context;
    private readonly RequestScope _scope;
    private readonly byte[] _piece = new byte[V1Limits.PieceBytes];
    private SessionInfo? _session;
    private PrincipalStore? _store;
    private long _reportedWire;
    private volatile bool _busy;

    public V1ServerSession(Stream stream, ServerSessionContext context)
    {
        _stream = new V1Stream(stream);
        _context = context;
        _scope = new RequestScope(context, VersionLabel.V1);
    }

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Exception? failure = null;
        var watch = Task.CompletedTask;
        try
        {
            await OpenAsync(stop.Token).ConfigureAwait(false);
            watch = WatchAsync(stop);
            while (await _stream.ReadAsync(stop.Token).ConfigureAwait(false) is { } message)
            {
                _busy = true;
                await HandleAsync(message.Type, message.Body, stop.Token).ConfigureAwait(false);
                _busy = false;
                ReportBytes(0);
                if (_context.Draining.IsCancellationRequested) break;
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return; // idle, or drained between two requests
        }
        catch (DwcpTransferException e) when (e.Fault != DwcpFault.Network)
        {
            failure = e;
            await TryTellAsync(e).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            failure = e;
            throw;
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await watch.ConfigureAwait(false);
            if (_session is not null) _context.Observer.SessionEnded(_session, failure);
        }
    }

    public ValueTask DisposeAsync() => _stream.DisposeAsync();

    private async Task OpenAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(_context.Options.HandshakeTimeout);
        var hello = await _stream.ReadAsync(limit.Token).ConfigureAwait(false);
        if (hello is not { Type: V1Message.Hello, Body: var body }) throw new DwcpProtocolException("A v1 session begins with Hello.");
        await _scope.RunAsync(RequestKind.SessionOpen, () => ValueTask.FromResult(Admit(body.Span)), cancellationToken).ConfigureAwait(false);
        await _stream.WriteAsync(V1Message.Welcome, ReadOnlyMemory<byte>.Empty, cancellationToken).ConfigureAwait(false);
        await _stream.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    private bool Admit(ReadOnlySpan<byte> hello)
    {
        var reader = new WireReader(hello);
        var clientId = reader.Text("client id", WireLimits.MaxClientId * 4);
        var apiKey = reader.Text("API key", WireLimits.MaxApiKey);
        reader.ExpectEnd("a Hello message");
        if (!OpenMessage.IsClientId(clientId)) throw new DwcpProtocolException("The client id is empty, too long, or has a control character.");
        var principal = SessionAuthentication.Authenticate(_context, apiKey);
        if (!_context.Split.ServesV1)
            throw new DwcpTransferException(DwcpErrorCode.NoCommonVersion, DwcpFault.Client, "DWCP v1 is switched off here. Use a client that speaks v3, or ask the operator to switch v1 on again.");
        if (_context.Draining.IsCancellationRequested) throw new DwcpTransferException(DwcpErrorCode.Draining, DwcpFault.Client, "The node is shutting down. Connect again.");
        _store = _context.Store.OpenPrincipal(principal);
        _session = new SessionInfo(Convert.ToHexString(RandomNumberGenerator.GetBytes(8)).ToLowerInvariant(), VersionLabel.V1, principal, clientId, _context.RemoteEndPoint, _context.Time.GetUtcNow());
        _context.Observer.SessionStarted(_session);
        return true;
    }

    // Ends a session in which nothing moves, or that is idle while the node drains.
    private async Task WatchAsync(CancellationTokenSource stop)
    {
        var limit = _context.Options.IdleTimeout;
        var period = TimeSpan.FromMilliseconds(Math.Clamp(limit.TotalMilliseconds / 4, 20, 1000));
        try
        {
            while (true)
            {
                await Task.Delay(_context.Draining.IsCancellationRequested ? TimeSpan.FromMilliseconds(20) : period, stop.Token).ConfigureAwait(false);
                if (_stream.Idle >= limit || (_context.Draining.IsCancellationRequested && !_busy)) await stop.CancelAsync().ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            return; // the session ended
        }
    }

    private async Task HandleAsync(V1Message type, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        var text = ReadText(body.Span);
        switch (type)
        {
            case V1Message.Put:
                await PutAsync(ObjectPath(text), cancellationToken).ConfigureAwait(false);
                break;
            case V1Message.Get:
                await AnswerAsync(() => GetAsync(ObjectPath(text), cancellationToken), cancellationToken).ConfigureAwait(false);
                break;
            case V1Message.List:
                await ListAsync(text, cancellationToken).ConfigureAwait(false);
                break;
            case V1Message.Delete:
                await AnswerAsync(() => DeleteAsync(ObjectPath(text), cancellationToken), cancellationToken).ConfigureAwait(false);
                break;
            default:
                throw new DwcpProtocolException($"A client does not begin a request with {type}.");
        }
    }

    // A refusal of a request that carries nothing more leaves the session whole.
    private async Task AnswerAsync(Func<Task> request, CancellationToken cancellationToken)
    {
        try
        {
            await request().ConfigureAwait(false);
        }
        catch (DwcpTransferException e) when (e.Fault != DwcpFault.Network && e is not DwcpProtocolException)
        {
            await _stream.WriteErrorAsync(e, cancellationToken).ConfigureAwait(false);
        }
    }

    // A failing upload ends the session: its data is already on the way, and v1 has no streams to tell it from the next request's.
    private async Task PutAsync(RelativePath path, CancellationToken cancellationToken)
    {
        using var upload = new StoreUpload(_store!, path, _context.Options);
        while (true)
        {
            var message = await _stream.ReadAsync(cancellationToken).ConfigureAwait(false)
                ?? throw new DwcpProtocolException(DwcpErrorCode.TruncatedManifest, $"The upload of '{path}' ended before its end.");
            switch (message.Type)
            {
                case V1Message.Entry:
                    await _scope.RunAsync(RequestKind.ManifestExchange, () => ValueTask.FromResult(BeginEntry(upload, message.Body.Span)), cancellationToken).ConfigureAwait(false);
                    break;
                case V1Message.Data:
                    await _scope.RunAsync(
                        RequestKind.ChunkBatch,
                        async () =>
                        {
                            var length = V1Stream.Expand(message.Body, _piece);
                            await upload.AddAsync(_piece.AsMemory(0, length), cancellationToken).ConfigureAwait(false);
                            return true;
                        },
                        cancellationToken).ConfigureAwait(false);
                    break;
                case V1Message.EndFile:
                    await upload.EndFileAsync(message.Body, cancellationToken).ConfigureAwait(false);
                    break;
                case V1Message.EndObject:
                    var root = await _scope.RunAsync(RequestKind.Commit, async () => await upload.CommitAsync(cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
                    using (var reply = new WireWriter())
                    {
                        reply.Hash(root);
                        await _stream.WriteAsync(V1Message.Stored, reply.WrittenMemory, cancellationToken).ConfigureAwait(false);
                        await _stream.FlushAsync(cancellationToken).ConfigureAwait(false);
                    }

                    ReportBytes(upload.Bytes);
                    return;
                default:
                    throw new DwcpProtocolException($"A {message.Type} message came inside an upload.");
            }
        }
    }

    private static bool BeginEntry(StoreUpload upload, ReadOnlySpan<byte> body)
    {
        var reader = new WireReader(body);
        var entry = EntryHeader.Read(ref reader);
        reader.ExpectEnd("an Entry message");
        upload.Begin(entry);
        return true;
    }

    private async Task GetAsync(RelativePath path, CancellationToken cancellationToken)
    {
        using var reader = await _scope.RunAsync(
            RequestKind.ManifestExchange,
            () => ValueTask.FromResult(_store!.OpenObject(path) ?? throw NotFound(path)),
            cancellationToken).ConfigureAwait(false);
        if (reader.Object.Bytes > V1Limits.MaxObjectBytes)
            throw new DwcpTransferException(DwcpErrorCode.LimitExceeded, DwcpFault.Client, $"'{path}' has {reader.Object.Bytes} bytes; v1 carries {V1Limits.MaxObjectBytes} at most. Receive it with v3.");
        using (var found = new WireWriter())
        {
            found.Hash(reader.Object.Root).Number(reader.Object.Bytes);
            await _stream.WriteAsync(V1Message.Found, found.WrittenMemory, cancellationToken).ConfigureAwait(false);
        }

        using var fileHash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var payload = new byte[Codec.BlockCodec.MaxEncodedLength(FastCdc.DefaultMaximum)];
        foreach (var block in reader.ReadBlocks())
        {
            foreach (var stored in block) await SendRecordAsync(reader, stored, payload, fileHash, cancellationToken).ConfigureAwait(false);
        }

        await _stream.WriteAsync(V1Message.EndObject, ReadOnlyMemory<byte>.Empty, cancellationToken).ConfigureAwait(false);
        await _stream.FlushAsync(cancellationToken).ConfigureAwait(false);
        ReportBytes(reader.Object.Bytes);
    }

    private async Task SendRecordAsync(ObjectReader reader, StoredRecord stored, byte[] payload, IncrementalHash fileHash, CancellationToken cancellationToken)
    {
        var record = stored.Record;
        switch (record.Kind)
        {
            case ManifestRecordKind.Entry:
                using (var entry = new WireWriter())
                {
                    record.Entry!.Write(entry);
                    await _stream.WriteAsync(V1Message.Entry, entry.WrittenMemory, cancellationToken).ConfigureAwait(false);
                }

                break;
            case ManifestRecordKind.Chunk:
                var compressed = await _scope.RunAsync(
                    RequestKind.ChunkBatch,
                    () =>
                    {
                        reader.ReadChunk(record.Hash, stored.Location, payload, _piece);
                        return ValueTask.FromResult(V1Stream.Compress(_piece.AsSpan(0, (int)record.Length)));
                    },
                    cancellationToken).ConfigureAwait(false);
                fileHash.AppendData(_piece.AsSpan(0, (int)record.Length));
                await _stream.WriteAsync(V1Message.Data, compressed, cancellationToken).ConfigureAwait(false);
                break;
            case ManifestRecordKind.Zeros:
                _piece.AsSpan().Clear();
                for (var left = record.Length; left > 0; left -= _piece.Length)
                {
                    var length = (int)Math.Min(left, _piece.Length);
                    fileHash.AppendData(_piece.AsSpan(0, length));
                    await _stream.WriteAsync(V1Message.Data, V1Stream.Compress(_piece.AsSpan(0, length)), cancellationToken).ConfigureAwait(false);
                }

                break;
            default:
                await _stream.WriteAsync(V1Message.EndFile, fileHash.GetHashAndReset(), cancellationToken).ConfigureAwait(false);
                break;
        }
    }

    private async Task ListAsync(string prefix, CancellationToken cancellationToken)
    {
        var objects = await _scope.RunAsync(RequestKind.ManifestExchange, () => ValueTask.FromResult(_store!.List(prefix)), cancellationToken).ConfigureAwait(false);
        foreach (var item in objects.Take(V1Limits.MaxListed))
        {
            using var listed = new WireWriter();
            listed.Text(item.Path).Hash(item.Root).Number(item.Bytes).Number(item.Entries).ZigZag(item.CommittedAt.ToUnixTimeMilliseconds());
            await _stream.WriteAsync(V1Message.Listed, listed.WrittenMemory, cancellationToken).ConfigureAwait(false);
        }

        await _stream.WriteAsync(V1Message.EndObject, ReadOnlyMemory<byte>.Empty, cancellationToken).ConfigureAwait(false);
        await _stream.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task DeleteAsync(RelativePath path, CancellationToken cancellationToken)
    {
        var existed = await _scope.RunAsync(RequestKind.Commit, () => ValueTask.FromResult(_store!.Delete(path.Text)), cancellationToken).ConfigureAwait(false);
        await _stream.WriteAsync(V1Message.Deleted, (byte[])[existed ? (byte)1 : (byte)0], cancellationToken).ConfigureAwait(false);
        await _stream.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    private static string ReadText(ReadOnlySpan<byte> body)
    {
        var reader = new WireReader(body);
        var text = reader.Text("path", RelativePath.MaxBytes);
        reader.ExpectEnd("a request");
        return text;
    }

    private static RelativePath ObjectPath(string text)
    {
        var path = RelativePath.Parse(text);
        return path.IsRoot ? throw new DwcpProtocolException(DwcpErrorCode.InvalidPath, "The object has no path. Name it: dwcp://host/path.") : path;
    }

    private static DwcpTransferException NotFound(RelativePath path) => new(DwcpErrorCode.NotFound, DwcpFault.Client, $"There is no object '{path}'. List what is there, and mind upper and lower case.");

    private async Task TryTellAsync(DwcpTransferException e)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        try
        {
            await _stream.WriteErrorAsync(e, limit.Token).ConfigureAwait(false);
            // The client may still be sending: reading what is on its way keeps the connection from being reset before it saw why.
            while (await _stream.ReadAsync(limit.Token).ConfigureAwait(false) is not null)
            {
            }
        }
        catch (Exception lost) when (lost is DwcpTransferException or OperationCanceledException)
        {
            return; // the client is gone, or goes on sending regardless
        }
    }

    private void ReportBytes(long raw)
    {
        var wire = _stream.BytesRead + _stream.BytesWritten;
        _context.Observer.BytesMoved(VersionLabel.V1, raw, wire - _reportedWire);
        _reportedWire = wire;
    }
}
