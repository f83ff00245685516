using System.ComponentModel;
using System.Globalization;
using System.Runtime.InteropServices;

namespace NovaCron.Dwcp.Rehearsal.Kubelet.Volumes;

/// <summary>One file of a ConfigMap, Secret, projected or downward API volume.</summary>
/// <param name="Content">Its bytes.</param>
/// <param name="Mode">Its permissions.</param>
internal sealed record ProjectedFile(byte[] Content, UnixFileMode Mode);

/// <summary>
/// A directory whose files change all at once, the way a kubelet does it: they live in a dated directory, <c>..data</c> links to it, each
/// visible name links through <c>..data</c>, and an update renames a new <c>..data</c> over the old one.
/// </summary>
internal static class AtomicDirectory
{
    private const string DataLink = "..data";

    /// <summary>Makes the directory hold exactly these files. Names may have folders; nothing is touched when nothing changed.</summary>
    public static void Write(string directory, IReadOnlyDictionary<string, ProjectedFile> files, DateTimeOffset now)
    {
        Directory.CreateDirectory(directory);
        var link = Path.Combine(directory, DataLink);
        var previous = new FileInfo(link).LinkTarget;
        if (previous is not null && Holds(Path.Combine(directory, previous), files))
        {
            return;
        }

        var stem = ".." + now.UtcDateTime.ToString("yyyy_MM_dd_HH_mm_ss.fffffff", CultureInfo.InvariantCulture);
        var dated = stem;
        for (var attempt = 1; Directory.Exists(Path.Combine(directory, dated)); attempt++)
        {
            dated = stem + attempt.ToString(CultureInfo.InvariantCulture);
        }
        foreach (var (name, file) in files)
        {
            var path = Path.Combine(directory, dated, name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, file.Content);
            File.SetUnixFileMode(path, file.Mode);
        }
        Directory.CreateDirectory(Path.Combine(directory, dated));

        var pending = Path.Combine(directory, "..data_tmp");
        File.Delete(pending);
        File.CreateSymbolicLink(pending, dated);
        Replace(pending, link);

        var visible = files.Keys.Select(static name => name.Split('/')[0]).ToHashSet();
        foreach (var name in visible)
        {
            var path = Path.Combine(directory, name);
            if (new FileInfo(path).LinkTarget is null)
            {
                File.CreateSymbolicLink(path, Path.Combine(DataLink, name));
            }
        }
        foreach (var entry in new DirectoryInfo(directory).EnumerateFileSystemInfos())
        {
            if (!visible.Contains(entry.Name) && entry.LinkTarget is { } target && target.StartsWith(DataLink + "/", StringComparison.Ordinal))
            {
                entry.Delete();
            }
        }
        if (previous is not null)
        {
            Directory.Delete(Path.Combine(directory, previous), recursive: true);
        }
    }

    // File.Move refuses a link to a directory, and only rename(2) replaces the old link without a gap.
    private static void Replace(string from, string to)
    {
        if (rename(from, to) != 0)
        {
            throw new IOException($"rename {from} to {to}: {new Win32Exception(Marshal.GetLastPInvokeError()).Message}");
        }
    }

    [DllImport("libc", SetLastError = true)]
    private static extern int rename([MarshalAs(UnmanagedType.LPUTF8Str)] string from, [MarshalAs(UnmanagedType.LPUTF8Str)] string to);

    private static bool Holds(string directory, IReadOnlyDictionary<string, ProjectedFile> files)
    {
        if (!Directory.Exists(directory))
        {
            return false;
        }
        var present = Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories).ToList();
        return present.Count == files.Count && present.All(path =>
            files.TryGetValue(Path.GetRelativePath(directory, path), out var file) && File.ReadAllBytes(path).AsSpan().SequenceEqual(file.Content));
    }
}
