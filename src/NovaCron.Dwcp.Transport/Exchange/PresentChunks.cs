using NovaCron.Dwcp.Transport.Files;
using NovaCron.Dwcp.Transport.Objects;
using NovaCron.Dwcp.Transport.Transfers;

namespace NovaCron.Dwcp.Transport.Exchange;

/// <summary>
/// The chunks of what stands at a destination that is received anew: an earlier version of the same disk, tree or dump. What the object shares with it need not travel.
/// It is cut as a sender cuts (<see cref="ChunkingSource"/>), so that equal content gives equal chunks; links are not followed. Only hashes and places are kept; a chunk
/// is read again and its hash checked when it is taken.
/// </summary>
internal sealed class PresentChunks
{
    /// <summary>More chunks are not remembered: a quarter of a TiB at 64 KiB each, some 400 MB of memory.</summary>
    private const int Most = 1 << 22;

    private readonly Dictionary<ContentHash, FileChunk> _chunks = [];

    private PresentChunks()
    {
    }

    /// <summary>Chunks that are known.</summary>
    public int Count => _chunks.Count;

    /// <summary>Reads a file or directory; nothing there gives no chunks. Blocking.</summary>
    /// <exception cref="DwcpTransferException">It cannot be read, or was changed meanwhile.</exception>
    public static PresentChunks Read(string path, CancellationToken cancellationToken)
    {
        var present = new PresentChunks();
        if (!Path.Exists(path)) return present;
        try
        {
            var source = new ChunkingSource(SourceEntries.Of(TransferSource.FromPaths(path)), found: chunk =>
            {
                if (present._chunks.Count < Most) present._chunks.TryAdd(chunk.Hash, chunk);
            });
            foreach (var draft in source.ReadSegments(cancellationToken)) draft.Dispose();
        }
        catch (DwcpTransferException e) when (e.Code == DwcpErrorCode.LocalFile)
        {
            throw new DwcpTransferException(
                DwcpErrorCode.LocalFile, DwcpFault.Client, $"What stands at {path} cannot be compared with: {e.Message} Receive without the comparison to take everything anew.", e);
        }

        return present;
    }

    /// <summary>Reads a chunk again.</summary>
    /// <param name="hash">Which.</param>
    /// <param name="destination">Filled with it; its length must be the chunk's.</param>
    /// <returns>False when it is not known, or no longer what it was.</returns>
    public bool TryRead(in ContentHash hash, Span<byte> destination)
    {
        if (!_chunks.TryGetValue(hash, out var chunk) || chunk.Length != destination.Length) return false;
        try
        {
            using var file = File.OpenHandle(chunk.Path);
            if (FileReading.ReadFully(file, destination, chunk.Offset) == destination.Length && ContentHash.Of(destination) == hash) return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It was deleted or changed meanwhile, as below: the chunk travels.
        }

        _chunks.Remove(hash);
        return false;
    }
}
