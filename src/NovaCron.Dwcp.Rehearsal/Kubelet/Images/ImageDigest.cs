using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;

namespace NovaCron.Dwcp.Rehearsal.Kubelet.Images;

/// <summary>Content hashes of programs: the same build has the same digest, another build has another.</summary>
internal static class ImageDigest
{
    private static readonly ConcurrentDictionary<string, string> Known = new();

    /// <summary>The digest over an executable and, for a .NET program, the assemblies and settings beside it.</summary>
    public static string Of(string path)
    {
        var full = Path.GetFullPath(path);
        var files = ContentOf(full).Order(StringComparer.Ordinal).Select(static f => new FileInfo(f)).ToList();
        var fingerprint = string.Join('\n', files.Select(static f => $"{f.FullName} {f.Length} {f.LastWriteTimeUtc.Ticks}"));
        return Known.GetOrAdd(fingerprint, _ => Hash(files));
    }

    private static IEnumerable<string> ContentOf(string path)
    {
        var folder = Path.GetDirectoryName(path)!;
        var isDotnet = File.Exists(Path.Combine(folder, Path.GetFileNameWithoutExtension(path) + ".runtimeconfig.json"))
            || path.EndsWith(".dll", StringComparison.OrdinalIgnoreCase);
        return isDotnet
            ? Directory.EnumerateFiles(folder).Where(file => file == path || file.EndsWith(".dll", StringComparison.OrdinalIgnoreCase)
                || file.EndsWith(".runtimeconfig.json", StringComparison.Ordinal))
            : [path];
    }

    private static string Hash(List<FileInfo> files)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var file in files)
        {
            using var content = file.OpenRead();
            hash.AppendData(Encoding.UTF8.GetBytes(file.Name + "\n"));
            hash.AppendData(SHA256.HashData(content));
        }
        return "sha256:" + Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
