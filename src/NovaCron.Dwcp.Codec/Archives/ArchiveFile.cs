using System.Diagnostics;
using System.Globalization;

namespace NovaCron.Dwcp.Codec.Archives;

/// <summary>
/// Files to archives and back. A file appears under its name only when it is whole: until then it is called <c>NAME.partial</c>, and a run that
/// fails or is cancelled removes it.
/// </summary>
public static class ArchiveFile
{
    /// <summary>What an archive's name ends in.</summary>
    public const string Extension = ".dwcp";

    private const int CopyBuffer = 1 << 20;
    private const int SamplePieces = 4;
    private const int SamplePiece = 1 << 22;

    /// <summary>The name of a file's archive: its own and <see cref="Extension"/>.</summary>
    public static string ArchivePathOf(string path) => path + Extension;

    /// <summary>The name of an archive's content: its own without <see cref="Extension"/>.</summary>
    /// <exception cref="ArgumentException">It does not end so.</exception>
    public static string ContentPathOf(string path) =>
        path.EndsWith(Extension, StringComparison.Ordinal) && path.Length > Extension.Length
            ? path[..^Extension.Length]
            : throw new ArgumentException($"{path} does not end in {Extension}: say where its content goes.", nameof(path));

    /// <summary>Compresses a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="destinationPath">The archive to write.</param>
    /// <param name="options">Level, threads and block length; the content's length is filled in.</param>
    /// <param name="overwrite">Whether an existing file is replaced.</param>
    /// <param name="progress">Told after every mebibyte.</param>
    /// <param name="cancellationToken">Gives up and leaves nothing behind.</param>
    /// <exception cref="IOException">The destination exists, or reading or writing failed.</exception>
    public static async Task<ArchiveResult> CompressAsync(
        string path, string destinationPath, DwcpEncoderOptions options, bool overwrite = false, IProgress<ArchiveProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        var start = Stopwatch.GetTimestamp();
        var source = OpenRead(path);
        await using var closed = source.ConfigureAwait(false);
        var encodedLength = 0L;
        await WriteAsync(destinationPath, overwrite, async destination =>
        {
            var encoder = new DwcpStream(destination, options with { ContentLength = source.Length }, leaveOpen: true);
            await using (encoder.ConfigureAwait(false))
            {
                try
                {
                    await CopyAsync(source, encoder, source, progress, cancellationToken).ConfigureAwait(false);
                }
                catch
                {
                    encoder.Abort();
                    throw;
                }
            }
            encodedLength = destination.Length;
        }).ConfigureAwait(false);
        return new ArchiveResult("Compress", path, destinationPath, source.Length, encodedLength, Stopwatch.GetElapsedTime(start));
    }

    /// <summary>Expands an archive; every block is checked against its hash.</summary>
    /// <param name="path">The archive.</param>
    /// <param name="destinationPath">The file to write.</param>
    /// <param name="options">Threads and limits.</param>
    /// <param name="overwrite">Whether an existing file is replaced.</param>
    /// <param name="progress">Told after every mebibyte.</param>
    /// <param name="cancellationToken">Gives up and leaves nothing behind.</param>
    /// <exception cref="DwcpFormatException">Not an archive, damaged, or above a limit.</exception>
    /// <exception cref="IOException">The destination exists, or reading or writing failed.</exception>
    public static async Task<ArchiveResult> ExpandAsync(
        string path, string destinationPath, DwcpDecoderOptions options, bool overwrite = false, IProgress<ArchiveProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        var start = Stopwatch.GetTimestamp();
        var source = OpenRead(path);
        await using var closed = source.ConfigureAwait(false);
        var contentLength = 0L;
        await WriteAsync(destinationPath, overwrite, async destination =>
        {
            var decoder = new DwcpStream(source, options, leaveOpen: true);
            await using (decoder.ConfigureAwait(false))
                await CopyAsync(decoder, destination, source, progress, cancellationToken).ConfigureAwait(false);
            contentLength = destination.Length;
        }).ConfigureAwait(false);
        return new ArchiveResult("Expand", path, destinationPath, contentLength, source.Length, Stopwatch.GetElapsedTime(start));
    }

    /// <summary>Reads an archive's header and index.</summary>
    /// <param name="path">The archive.</param>
    /// <param name="options">Threads and limits.</param>
    /// <param name="verify">Whether every block is decoded and checked, too.</param>
    /// <param name="progress">Told after every mebibyte of content, while verifying.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="DwcpFormatException">Not an archive, damaged, or above a limit.</exception>
    public static async Task<ArchiveInfo> InspectAsync(
        string path, DwcpDecoderOptions options, bool verify = false, IProgress<ArchiveProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        var source = OpenRead(path);
        await using var closed = source.ConfigureAwait(false);
        using var archive = DwcpArchive.Open(source, options, leaveOpen: true);
        if (verify)
        {
            source.Position = 0;
            var decoder = new DwcpStream(source, options, leaveOpen: true);
            await using (decoder.ConfigureAwait(false))
                await CopyAsync(decoder, Stream.Null, source, progress, cancellationToken).ConfigureAwait(false);
        }
        return new ArchiveInfo(
            path, archive.Level, archive.Length, archive.EncodedLength, archive.BlockLength, archive.TreeHash.ToString("x32", CultureInfo.InvariantCulture), archive.Blocks, verify,
            archive.WindowLength, archive.DictionaryId == 0 ? "" : archive.DictionaryId.ToString("x8", CultureInfo.InvariantCulture));
    }

    /// <summary>Compresses up to four pieces of 4 MiB of a file in memory, to tell what all of it would come to; what a window saves beyond is not known from them.</summary>
    /// <param name="path">The file; it is not changed, and nothing is written.</param>
    /// <param name="options">Level, threads and block length.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<ArchiveEstimate> EstimateAsync(string path, DwcpEncoderOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        var source = OpenRead(path);
        await using var closed = source.ConfigureAwait(false);
        var sampled = 0L;
        var encoded = 0L;
        var pieces = source.Length <= (long)SamplePieces * SamplePiece ? 1 : SamplePieces;
        for (var i = 0; i < pieces; i++)
        {
            var piece = new byte[pieces == 1 ? (int)source.Length : SamplePiece];
            source.Position = pieces == 1 ? 0 : (source.Length - SamplePiece) / (pieces - 1) * i;
            await source.ReadExactlyAsync(piece, cancellationToken).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            sampled += piece.Length;
            encoded += DwcpEncoder.Encode(piece, options with { ContentLength = piece.Length, WindowLength = 0 }).Length;
        }
        return new ArchiveEstimate(source.Length, sampled, encoded);
    }

    private static FileStream OpenRead(string path) =>
        Directory.Exists(path)
            ? throw new ArgumentException($"{path} is a directory; an archive holds one stream. Pack it first, for example with tar.", nameof(path))
            : new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.Asynchronous | FileOptions.SequentialScan);

    private static async Task WriteAsync(string path, bool overwrite, Func<FileStream, Task> write)
    {
        if (!overwrite && File.Exists(path))
            throw new IOException($"{path} exists; it is replaced only when that is asked for.");
        var partial = path + ".partial";
        try
        {
            var destination = new FileStream(partial, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0, FileOptions.Asynchronous);
            await using (destination.ConfigureAwait(false))
                await write(destination).ConfigureAwait(false);
            File.Move(partial, path, overwrite);
        }
        finally
        {
            if (File.Exists(partial))
                File.Delete(partial);
        }
    }

    private static async Task CopyAsync(Stream from, Stream to, FileStream counted, IProgress<ArchiveProgress>? progress, CancellationToken cancellationToken)
    {
        var buffer = new byte[CopyBuffer];
        int count;
        while ((count = await from.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0)
        {
            await to.WriteAsync(buffer.AsMemory(0, count), cancellationToken).ConfigureAwait(false);
            progress?.Report(new ArchiveProgress(counted.Position, counted.Length));
        }
    }
}
