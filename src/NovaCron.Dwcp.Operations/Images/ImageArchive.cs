using System.Formats.Tar;
using System.IO.Compression;
using System.Text.Json.Nodes;
using NovaCron.Dwcp.Operations.Staging;

namespace NovaCron.Dwcp.Operations.Images;

/// <summary>An image as its file says it is, whatever the one who built it believes: user, size, and every file in it.</summary>
internal sealed record ImageArchive(string User, string EntryPoint, long Size, IReadOnlyCollection<string> Files, byte[]? DependencyFile)
{
    private static readonly HashSet<string> Shells = new(StringComparer.Ordinal)
    {
        "sh", "bash", "dash", "ash", "zsh", "ksh", "busybox", "toybox", "pwsh", "perl", "python", "python3",
    };

    private static readonly HashSet<string> ProgramDirectories = new(StringComparer.Ordinal) { "bin", "sbin", "usr/bin", "usr/sbin", "usr/local/bin" };

    /// <summary>Programs that would let an intruder type.</summary>
    public IReadOnlyList<string> ShellPrograms =>
        [.. Files.Where(f => ProgramDirectories.Contains(Path.GetDirectoryName(f)?.Replace('\\', '/') ?? "") && Shells.Contains(Path.GetFileName(f)))];

    /// <summary>Reads what <c>docker save</c> and its like write.</summary>
    /// <param name="file">The archive.</param>
    /// <param name="dependencyFile">A file of the image to keep, without its leading slash.</param>
    public static ImageArchive Read(string file, string dependencyFile)
    {
        var documents = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        using (var archive = File.OpenRead(file))
        using (var tar = new TarReader(archive))
        {
            // Layers may be links to each other; what is small is a document.
            while (tar.GetNextEntry() is { } entry)
            {
                if (entry.DataStream is { Length: < 4 << 20 } data)
                    documents[entry.Name] = ReadAll(data);
            }
        }

        JsonObject Parse(string name) => documents.TryGetValue(name, out var bytes) && JsonNode.Parse(bytes) is JsonObject found
            ? found
            : throw new DwcpStagingException(StagingStage.Image, $"image archive {Path.GetFileName(file)}", $"holds no {name}", "Build with another tool (-Tool).");
        if (!documents.TryGetValue("manifest.json", out var manifestBytes) || JsonNode.Parse(manifestBytes)?[0] is not JsonObject manifest)
            throw new DwcpStagingException(StagingStage.Image, $"image archive {Path.GetFileName(file)}", "holds no manifest.json", "Build with another tool (-Tool).");
        var configuration = Parse(manifest["Config"]!.ToString())["config"];
        var files = new HashSet<string>(StringComparer.Ordinal);
        long size = 0;
        byte[]? kept = null;
        foreach (var layer in manifest["Layers"]!.AsArray().Select(l => l!.ToString()))
        {
            ReadLayer(file, layer, entry =>
            {
                var name = entry.Name.TrimStart('.', '/').TrimEnd('/');
                if (Path.GetFileName(name) is var last && last.StartsWith(".wh.", StringComparison.Ordinal))
                {
                    files.Remove(name.Replace(last, last[4..], StringComparison.Ordinal));
                    return;
                }

                if (entry.EntryType is TarEntryType.Directory)
                    return;
                files.Add(name);
                size += entry.Length;
                if (name == dependencyFile && entry.DataStream is { } data)
                    kept = ReadAll(data);
            });
        }

        return new ImageArchive(configuration?["User"]?.ToString() ?? "", string.Join(' ', (configuration?["Entrypoint"] as JsonArray ?? []).Select(e => e!.ToString())), size, files, kept);
    }

    private static void ReadLayer(string file, string layer, Action<TarEntry> visit)
    {
        using var archive = File.OpenRead(file);
        using var tar = new TarReader(archive);
        while (tar.GetNextEntry() is { } entry)
        {
            if (entry.Name != layer)
                continue;
            if (entry.EntryType is TarEntryType.SymbolicLink)
            {
                ReadLayer(file, Path.GetFullPath(Path.Combine("/", Path.GetDirectoryName(layer) ?? "", entry.LinkName)).TrimStart('/'), visit);
                return;
            }

            var data = entry.DataStream ?? throw new InvalidDataException($"layer {layer} is empty");
            var magic = new byte[2];
            data.ReadExactly(magic);
            data.Position = 0;
            using Stream plain = magic is [0x1f, 0x8b] ? new GZipStream(data, CompressionMode.Decompress) : data;
            using var inner = new TarReader(plain);
            while (inner.GetNextEntry() is { } item)
                visit(item);
            return;
        }

        throw new InvalidDataException($"layer {layer} is missing");
    }

    private static byte[] ReadAll(Stream stream)
    {
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        return copy.ToArray();
    }
}
