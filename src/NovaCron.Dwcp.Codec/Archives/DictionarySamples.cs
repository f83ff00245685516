using System.Globalization;

namespace NovaCron.Dwcp.Codec.Archives;

/// <summary>Collects samples out of files and trains a dictionary from them. Not thread-safe.</summary>
public sealed class DictionarySamples
{
    /// <summary>The most bytes of samples: more do not make a better dictionary, but would not fit memory some day.</summary>
    public const long MaxBytes = 1L << 29;

    private readonly List<ReadOnlyMemory<byte>> _samples = [];

    /// <summary>How many there are.</summary>
    public int Count => _samples.Count;

    /// <summary>Their bytes.</summary>
    public long Bytes { get; private set; }

    /// <summary>Adds a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="lines">Whether each of its lines is a sample, or all of it is one.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="ArgumentException">With it, there would be more than <see cref="MaxBytes"/>.</exception>
    public async Task AddAsync(string path, bool lines, CancellationToken cancellationToken = default)
    {
        var length = new FileInfo(path).Length;
        if (length > MaxBytes - Bytes)
            throw new ArgumentException($"With {path} the samples have {Bytes + length} bytes; {MaxBytes} are the most. Give a part of them: a hundred times the dictionary's length is plenty.", nameof(path));
        ReadOnlyMemory<byte> content = await File.ReadAllBytesAsync(path, cancellationToken).ConfigureAwait(false);
        Bytes += content.Length;
        if (!lines)
        {
            if (content.Length > 0)
                _samples.Add(content);
            return;
        }
        while (!content.IsEmpty)
        {
            var end = content.Span.IndexOf((byte)'\n') + 1;
            var line = end == 0 ? content : content[..end];
            content = content[line.Length..];
            _samples.Add(line);
        }
    }

    /// <summary>Trains a dictionary and writes it; the file appears under its name only when it is whole.</summary>
    /// <param name="path">The file to write.</param>
    /// <param name="contentLength">Bytes of its content at most.</param>
    /// <param name="overwrite">Whether an existing file is replaced.</param>
    /// <param name="cancellationToken">Gives up and leaves nothing behind.</param>
    /// <exception cref="ArgumentException">There are too few samples.</exception>
    /// <exception cref="IOException">The file exists, or cannot be written.</exception>
    public DictionaryResult Train(string path, int contentLength = DwcpDictionary.DefaultContentLength, bool overwrite = false, CancellationToken cancellationToken = default)
    {
        if (!overwrite && File.Exists(path))
            throw new IOException($"{path} exists; it is replaced only when that is asked for.");
        var dictionary = DwcpDictionary.Train(_samples, contentLength, cancellationToken);
        var partial = path + ".partial";
        try
        {
            File.WriteAllBytes(partial, dictionary.ToArray());
            File.Move(partial, path, overwrite);
        }
        finally
        {
            if (File.Exists(partial))
                File.Delete(partial);
        }
        return new DictionaryResult(path, dictionary.Id.ToString("x8", CultureInfo.InvariantCulture), dictionary.ContentLength, dictionary.FileLength, Count, Bytes);
    }
}
