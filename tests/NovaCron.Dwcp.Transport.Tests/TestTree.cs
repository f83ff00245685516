#pragma warning disable CA1416 // the suite runs on Linux; modes and links are what these trees are about
namespace NovaCron.Dwcp.Transport.Tests;

/// <summary>A directory tree with everything that can go wrong in it.</summary>
internal static class TestTree
{
    public static string Create(string root, int seed, int files)
    {
        var random = new Random(seed);
        Directory.CreateDirectory(root);
        Directory.CreateDirectory(Path.Combine(root, "empty"));
        for (var i = 0; i < files; i++)
        {
            var directory = Path.Combine(root, $"d{i % 7}", $"e{i % 3}");
            Directory.CreateDirectory(directory);
            var bytes = new byte[random.Next(0, 40_000)];
            random.NextBytes(bytes);
            var path = Path.Combine(directory, $"file-{i}.bin");
            File.WriteAllBytes(path, bytes);
            File.SetUnixFileMode(path, i % 2 == 0 ? UnixFileMode.UserRead | UnixFileMode.UserWrite : (UnixFileMode)0x1ED);
            File.SetLastWriteTimeUtc(path, new DateTime(2001, 2, 3, 4, 5, 6, DateTimeKind.Utc).AddSeconds(i).AddTicks(i));
        }

        var large = new byte[3_000_000];
        random.NextBytes(large);
        File.WriteAllBytes(Path.Combine(root, "large.bin"), large);
        File.WriteAllBytes(Path.Combine(root, "large-copy.bin"), large);
        using (var sparse = File.Create(Path.Combine(root, "sparse.img")))
        {
            sparse.Write("head"u8);
            sparse.Position = 40_000_000;
            sparse.Write("tail"u8);
            sparse.SetLength(50_000_001);
        }

        File.CreateSymbolicLink(Path.Combine(root, "link"), "large.bin");
        File.CreateSymbolicLink(Path.Combine(root, "dangling"), "../../nowhere");
        foreach (var directory in Directory.GetDirectories(root, "*", SearchOption.AllDirectories))
            Directory.SetLastWriteTimeUtc(directory, new DateTime(2010, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        Directory.SetLastWriteTimeUtc(root, new DateTime(2011, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        return root;
    }

    public static void AssertEqual(string expected, string actual)
    {
        var left = Describe(expected);
        var right = Describe(actual);
        Assert.Equal(left.Count, right.Count);
        for (var i = 0; i < left.Count; i++) Assert.Equal(left[i], right[i]);
    }

    private static List<string> Describe(string root)
    {
        var lines = new List<string>();
        foreach (var info in new DirectoryInfo(root).GetFileSystemInfos("*", SearchOption.AllDirectories).Prepend(new DirectoryInfo(root)))
        {
            var name = Path.GetRelativePath(root, info.FullName);
            if (info.LinkTarget is { } target) lines.Add($"{name} -> {target}");
            else if (info is FileInfo file) lines.Add($"{name} {file.Length} {file.UnixFileMode} {file.LastWriteTimeUtc:O} {ContentHash.Of(File.ReadAllBytes(file.FullName))}");
            else lines.Add($"{name}/ {info.UnixFileMode} {info.LastWriteTimeUtc:O}");
        }

        lines.Sort(StringComparer.Ordinal);
        return lines;
    }
}
