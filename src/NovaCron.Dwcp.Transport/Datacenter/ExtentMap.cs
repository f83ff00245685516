using NovaCron.Dwcp.Transport.Protocol;

namespace NovaCron.Dwcp.Transport.Datacenter;

/// <summary>Which extents of an object are here, one bit each.</summary>
internal sealed class ExtentMap
{
    private readonly byte[] _bits;

    public ExtentMap(long bytes)
    {
        Bytes = bytes;
        Count = BulkLimits.ExtentsOf(bytes);
        _bits = new byte[(Count + 7) / 8];
    }

    /// <summary>Bytes of the object.</summary>
    public long Bytes { get; }

    /// <summary>Extents of the object.</summary>
    public int Count { get; }

    /// <summary>Extents that are here.</summary>
    public int Present { get; private set; }

    /// <summary>Bytes that are here.</summary>
    public long PresentBytes { get; private set; }

    /// <summary>Nothing is missing; of an empty object nothing ever is.</summary>
    public bool IsComplete => Present == Count;

    public bool this[int extent] => (_bits[extent >> 3] & (1 << (extent & 7))) != 0;

    public void Add(int extent)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)extent, (uint)Count);
        if (this[extent]) return;
        _bits[extent >> 3] |= (byte)(1 << (extent & 7));
        Present++;
        PresentBytes += BulkLimits.LengthOf(Bytes, extent);
    }

    /// <summary>The extents that are not here, ascending: the order in which both sides expect them.</summary>
    public int[] Missing()
    {
        var missing = new int[Count - Present];
        var next = 0;
        for (var extent = 0; extent < Count; extent++)
        {
            if (!this[extent]) missing[next++] = extent;
        }

        return missing;
    }

    public void Write(WireWriter writer) => writer.Bytes(_bits);

    /// <summary>Reads a map over an object of the given size; bits past its end are refused.</summary>
    public static ExtentMap Read(ref WireReader reader, long bytes)
    {
        var map = new ExtentMap(bytes);
        var bits = reader.Bytes(map._bits.Length);
        for (var extent = 0; extent < bits.Length * 8; extent++)
        {
            if ((bits[extent >> 3] & (1 << (extent & 7))) == 0) continue;
            if (extent >= map.Count) throw new DwcpProtocolException($"A map of {map.Count} extents names extent {extent}.");
            map.Add(extent);
        }

        return map;
    }
}
