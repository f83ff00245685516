namespace NovaCron.Dwcp.Aws;

/// <summary>Files and the names that they get in the bucket.</summary>
public static class ArtifactFiles
{
    /// <summary>A file by its name, a directory's files by their way below it; key and path of each, none when there is nothing.</summary>
    public static IReadOnlyList<(string Key, string Path)> Below(string path, string? prefix)
    {
        var folder = string.IsNullOrEmpty(prefix) ? "" : prefix.Trim('/') + "/";
        if (File.Exists(path))
            return [($"{folder}{Path.GetFileName(path)}", path)];
        return !Directory.Exists(path)
            ? []
            : [.. Directory.GetFiles(path, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(f => ($"{folder}{Path.GetRelativePath(path, f).Replace('\\', '/')}", f))];
    }

    /// <summary>Uploads them one after the other.</summary>
    /// <exception cref="DwcpAwsException">The bucket did not take one; those before it are there.</exception>
    public static async Task UploadAsync(
        AwsSession session, string bucket, IReadOnlyList<(string Key, string Path)> files, IProgress<DwcpArtifact>? progress = null, CancellationToken cancellationToken = default)
    {
        using var target = new ArtifactBucket(session, bucket);
        foreach (var (key, path) in files)
        {
            var artifact = await target.UploadAsync(key, path, cancellationToken).ConfigureAwait(false);
            progress?.Report(artifact);
        }
    }
}
