using Microsoft.Win32.SafeHandles;
using NovaCron.Dwcp.Transport.Files;
using NovaCron.Dwcp.Transport.Objects;
using NovaCron.Dwcp.Transport.Transfers;

namespace NovaCron.Dwcp.Transport.Datacenter;

/// <summary>A local file to send, as it was when it was opened: <see cref="ThrowIfChanged"/> tells whether it still is.</summary>
internal sealed class FileExtentSource : IExtentSource, IDisposable
{
    private readonly SafeFileHandle _file;
    private readonly string _path;
    private readonly FileStamp _stamp;

    public FileExtentSource(SafeFileHandle file, string path)
    {
        _file = file;
        _path = path;
        _stamp = FileStamp.Of(file);
        FileCalls.ReadAhead(file);
    }

    public long Length => _stamp.Size;

    /// <summary>The hash that a source has as an object of the bulk path; null when it is not one file.</summary>
    public static ContentHash? DigestOf(TransferSource source, CancellationToken cancellationToken)
    {
        if (source is not PathSource { Paths: [var path] } || !File.Exists(path) || new FileInfo(path).LinkTarget is not null) return null;
        var entry = SourceEntries.Of(source).First();
        using var file = new FileExtentSource(entry.Open(), entry.FullPath!);
        return PartialExtents.Digest(entry.Header with { Size = file.Length }, file.Length, file.ReadPiece, new byte[BulkLimits.PieceBytes], null, null, cancellationToken);
    }

    /// <summary>Binds a journal at the receiver to this very file in this very state.</summary>
    public byte[] Identity => _stamp.Identity(Environment.MachineName, _path);

    public void ReadPiece(long piece, Span<byte> destination)
    {
        try
        {
            if (FileReading.ReadFully(_file, destination, piece * BulkLimits.PieceBytes) < destination.Length) throw Changed();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DwcpTransferException(DwcpErrorCode.LocalFile, DwcpFault.Client, $"Cannot read {_path}: {e.Message}", e);
        }
    }

    /// <exception cref="DwcpTransferException">Size, time of modification or inode are not what they were.</exception>
    public void ThrowIfChanged()
    {
        if (FileStamp.Of(_file) != _stamp) throw Changed();
    }

    public void Dispose() => _file.Dispose();

    private DwcpTransferException Changed() =>
        new(DwcpErrorCode.LocalFile, DwcpFault.Client, $"{_path} changed while it was sent. Send it again when nothing writes to it, or send a snapshot.");
}
