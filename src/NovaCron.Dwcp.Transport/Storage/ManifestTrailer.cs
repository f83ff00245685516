using System.IO.Hashing;
using NovaCron.Dwcp.Transport.Files;
using NovaCron.Dwcp.Transport.Protocol;

namespace NovaCron.Dwcp.Transport.Storage;

/// <summary>The end of a stored manifest: what the object is, and the packs that it needs.</summary>
internal sealed record ManifestTrailer(StoredObject Object, IReadOnlyList<string> Packs, long Offset)
{
    public void Write(WireWriter writer)
    {
        var start = writer.Length;
        writer.Text(Object.Path).Hash(Object.Root).Number(Object.Bytes).Number(Object.Entries).ZigZag(Object.CommittedAt.ToUnixTimeMilliseconds()).Number(Packs.Count);
        foreach (var pack in Packs) writer.Text(pack);
        var trailer = writer.Written[start..];
        var checksum = XxHash3.HashToUInt64(trailer);
        writer.UInt64((ulong)Offset).UInt32((uint)trailer.Length).UInt64(checksum).Bytes(ManifestFormat.EndMagic);
    }

    /// <exception cref="DwcpTransferException">The manifest is damaged.</exception>
    public static ManifestTrailer Read(IStoreFile file, string name)
    {
        var length = file.Length;
        var footer = new byte[ManifestFormat.FooterBytes];
        if (length < ManifestFormat.HeaderBytes + footer.Length || file.Read(footer, length - footer.Length) != footer.Length) throw Damaged(name, "it is too short");
        var reader = new WireReader(footer);
        var offset = reader.UInt64();
        var trailerLength = reader.UInt32();
        var checksum = reader.UInt64();
        if (!reader.Rest().SequenceEqual(ManifestFormat.EndMagic)) throw Damaged(name, "its end is missing");
        if (trailerLength > ManifestFormat.MaxTrailerBytes || offset + trailerLength + (ulong)footer.Length != (ulong)length) throw Damaged(name, "its trailer is out of place");
        var trailer = new byte[trailerLength];
        if (file.Read(trailer, (long)offset) != trailer.Length || XxHash3.HashToUInt64(trailer) != checksum) throw Damaged(name, "its trailer has another checksum");
        try
        {
            reader = new WireReader(trailer);
            var path = reader.Text("path", RelativePath.MaxBytes);
            var root = reader.Hash();
            var bytes = reader.Number("bytes", long.MaxValue);
            var entries = reader.Number("entries", long.MaxValue);
            var committedAt = DateTimeOffset.FromUnixTimeMilliseconds(Math.Clamp(reader.ZigZag(), -62_135_596_800_000, 253_402_300_799_999));
            var packs = new string[reader.Count("packs", trailer.Length)];
            for (var i = 0; i < packs.Length; i++) packs[i] = reader.Text("pack", ManifestFormat.MaxPackNameBytes);
            reader.ExpectEnd("the trailer");
            return new ManifestTrailer(new StoredObject(path, root, bytes, entries, committedAt), packs, (long)offset);
        }
        catch (DwcpProtocolException e)
        {
            throw Damaged(name, e.Message);
        }
    }

    public static DwcpTransferException Damaged(string name, string why) =>
        new(DwcpErrorCode.StoredDataCorrupt, DwcpFault.Server, $"The stored manifest {name} is damaged: {why}. Send the object again, or restore the store from a backup.");
}
