using NovaCron.Dwcp.Codec.Dictionary.Resemblance;

namespace NovaCron.Dwcp.Transport.Storage;

/// <summary>
/// Which chunk has a super-feature: of a principal's own chunks the newest with each. A table without chains, so that it is bounded whatever comes; it forgets where
/// two share a place. What it says is a hint: the chunk is looked up and read before anybody relies on it. Thread-safe.
/// </summary>
internal sealed class SimilarityIndex
{
    // Three places a chunk: 700,000 chunks, 45 GB at the usual 64 KiB, in 75 MB of memory. Small principals have small tables.
    private const int MaxBits = 21;
    private const int FirstBits = 10;

    private readonly object _gate = new();
    private (uint Feature, ContentHash Hash)[] _table = [];
    private int _used;

    /// <summary>Remembers a chunk by its super-features.</summary>
    public void Add(in ChunkFeatures features, in ContentHash hash)
    {
        if (features.IsNone) return;
        lock (_gate)
        {
            if (_table.Length == 0) _table = new (uint, ContentHash)[1 << FirstBits];
            if (_used > _table.Length / 2 && _table.Length < 1 << MaxBits) Grow();
            for (var i = 0; i < ChunkFeatures.Count; i++) Put(features[i], hash);
        }
    }

    /// <summary>The chunk that shares the most super-features, if one shares any.</summary>
    public bool TryFind(in ChunkFeatures features, out ContentHash hash)
    {
        hash = default;
        if (features.IsNone) return false;
        lock (_gate)
        {
            if (_table.Length == 0) return false;
            var best = 0;
            for (var i = 0; i < ChunkFeatures.Count; i++)
            {
                var (feature, candidate) = _table[PlaceOf(features[i])];
                if (feature != features[i]) continue;
                var shared = 1;
                for (var j = i + 1; j < ChunkFeatures.Count; j++)
                {
                    if (_table[PlaceOf(features[j])] is var (other, same) && other == features[j] && same == candidate) shared++;
                }

                if (shared <= best) continue;
                best = shared;
                hash = candidate;
            }

            return best > 0;
        }
    }

    private void Put(uint feature, in ContentHash hash)
    {
        ref var place = ref _table[PlaceOf(feature)];
        if (place.Feature == 0) _used++;
        place = (feature, hash);
    }

    private void Grow()
    {
        var old = _table;
        _table = new (uint, ContentHash)[old.Length * 4 > 1 << MaxBits ? 1 << MaxBits : old.Length * 4];
        _used = 0;
        foreach (var (feature, hash) in old)
        {
            if (feature != 0) Put(feature, hash);
        }
    }

    // A sender chooses its features; only its own principal's table suffers from a bad choice.
    private int PlaceOf(uint feature) => (int)(feature * 0x9E37_79B1u >> 1) & (_table.Length - 1);
}
