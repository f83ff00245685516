using System.IO.Hashing;
using NovaCron.Dwcp.Transport.Files;
using NovaCron.Dwcp.Transport.Objects;
using NovaCron.Dwcp.Transport.Protocol;

namespace NovaCron.Dwcp.Transport.Storage;

/// <summary>Writes the manifest of an object that is being received; visible only after <see cref="CommitAsync"/>. Disposing without a commit leaves nothing.</summary>
internal sealed class ObjectWriter : IDisposable
{
    private readonly PrincipalStore _store;
    private readonly RelativePath _path;
    private readonly string _temporary;
    private readonly WireWriter _block = new(ManifestFormat.MaxBlockBytes);
    private readonly Dictionary<int, (int Index, long End)> _packs = [];
    private readonly List<string> _packNames = [];
    private IStoreFile? _file;
    private long _length;
    private long _touchedAt;
    private bool _renamed;

    public ObjectWriter(PrincipalStore store, RelativePath path, string temporary)
    {
        _store = store;
        _path = path;
        _temporary = temporary;
        _touchedAt = store.Options.Time.GetTimestamp();
    }

    public void Append(in ManifestRecord record, in ChunkLocation location)
    {
        record.Write(_block);
        if (record.Kind == ManifestRecordKind.Chunk)
        {
            var end = location.Offset + location.StoredLength;
            if (!_packs.TryGetValue(location.Pack, out var pack))
            {
                pack = (_packNames.Count, 0);
                _packNames.Add(_store.Packs.NameOf(location.Pack));
                Touch([_packNames[^1]]);
            }
            else if (_store.Options.Time.GetElapsedTime(_touchedAt) >= _store.Options.ResumeRetention / 4)
            {
                Touch(_packNames);
                _touchedAt = _store.Options.Time.GetTimestamp();
            }

            _packs[location.Pack] = (pack.Index, Math.Max(pack.End, end));
            _block.Number(pack.Index).Number(location.Offset).Number(location.StoredLength);
        }

        if (_block.Length >= ManifestFormat.BlockBytes) WriteBlock();
    }

    /// <summary>Makes the object durable and visible, in place of what was at its path.</summary>
    /// <exception cref="DwcpTransferException">It is not, and nothing changed.</exception>
    public async Task<StoredObject> CommitAsync(ContentHash root, long bytes, long entries)
    {
        await _store.FlushAsync().ConfigureAwait(false);
        try
        {
            foreach (var (pack, use) in _packs) _store.ThrowUnlessDurable(pack, use.End);
            WriteBlock();
            var stored = new StoredObject(_path.Text, root, bytes, entries, _store.Options.Time.GetUtcNow());
            using (var trailer = new WireWriter())
            {
                new ManifestTrailer(stored, _packNames, _length).Write(trailer);
                _file!.Write(trailer.Written, _length);
            }

            _file.Sync();
            _file.Dispose();
            _file = null;
            _store.ThrowIfDying(_packNames, _path, null); // nothing to undo yet
            _store.Publish(_temporary, stored);
            _renamed = true;
            _store.ThrowIfDying(_packNames, _path, stored);
            return stored;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw StorageFailure.From(e, $"commit '{_path}'");
        }
    }

    public void Dispose()
    {
        _block.Dispose();
        _file?.Dispose();
        if (!_renamed && _length > 0) _store.DiscardTemporary(_temporary);
        _length = 0;
    }

    // No manifest names these packs before the commit, which may be days away: without this they would be taken for dead.
    private void Touch(IEnumerable<string> packs)
    {
        try
        {
            _store.Touch(packs);
        }
        catch (IOException e)
        {
            throw StorageFailure.From(e, $"keep the packs of '{_path}'");
        }
    }

    private void WriteBlock()
    {
        try
        {
            if (_file is null)
            {
                _file = _store.CreateTemporary(_temporary);
                _length = ManifestFormat.HeaderBytes;
                _file.Write(ManifestFormat.Header, 0);
            }

            if (_block.Length == 0) return;
            using var header = new WireWriter(ManifestFormat.BlockHeaderBytes + _block.Length);
            header.UInt32((uint)_block.Length).UInt64(XxHash3.HashToUInt64(_block.Written)).Bytes(_block.Written);
            _file.Write(header.Written, _length);
            _length += header.Length;
            _block.Clear();
        }
        catch (IOException e)
        {
            throw StorageFailure.From(e, $"write the manifest of '{_path}'");
        }
    }
}
