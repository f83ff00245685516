using NovaCron.Dwcp.Transport.Protocol;

namespace NovaCron.Dwcp.Transport.Objects;

/// <summary>One entry of an object without its contents.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Path">Where, below the object.</param>
/// <param name="Mode">Permission bits (0..0xFFF), or null when its system has none.</param>
/// <param name="ModifiedAt">Nanoseconds since the Unix epoch.</param>
/// <param name="Size">Bytes of a file, or null while unknown.</param>
/// <param name="Target">Target of a link, else empty.</param>
public sealed record EntryHeader(EntryKind Kind, RelativePath Path, int? Mode, long ModifiedAt, long? Size, string Target)
{
    /// <summary>Longest target of a link, UTF-8 bytes.</summary>
    public const int MaxTargetBytes = 4096;

    internal const long MaxFileBytes = long.MaxValue / 4;

    internal void Write(WireWriter writer)
    {
        writer.Byte((byte)Kind).Text(Path.Text).Number(Mode is { } mode ? mode + 1 : 0).ZigZag(ModifiedAt);
        if (Kind == EntryKind.File) writer.Number(Size is { } size ? size + 1 : 0);
        if (Kind == EntryKind.SymbolicLink) writer.Text(Target);
    }

    internal static EntryHeader Read(ref WireReader reader)
    {
        var kind = (EntryKind)reader.Byte();
        if (kind is not (EntryKind.File or EntryKind.Directory or EntryKind.SymbolicLink)) throw new DwcpProtocolException($"An entry has the unknown kind {(int)kind}.");
        var path = RelativePath.Parse(reader.Text("path", RelativePath.MaxBytes));
        var mode = reader.Count("mode", 0x1000) - 1;
        var modifiedAt = reader.ZigZag();
        var size = kind == EntryKind.File ? reader.Number("size", MaxFileBytes) - 1 : -1;
        var target = kind == EntryKind.SymbolicLink ? reader.Text("target", MaxTargetBytes) : "";
        if (kind == EntryKind.SymbolicLink && (target.Length == 0 || target.Contains('\0')))
            throw new DwcpProtocolException(DwcpErrorCode.InvalidPath, $"The link '{path}' has an empty target or one with a NUL.");
        return new EntryHeader(kind, path, mode < 0 ? null : mode, modifiedAt, size < 0 ? null : size, target);
    }
}
