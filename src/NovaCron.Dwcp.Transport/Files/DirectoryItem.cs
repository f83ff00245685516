namespace NovaCron.Dwcp.Transport.Files;

/// <summary>One name in a directory, links not followed.</summary>
internal readonly record struct DirectoryItem(string Name, bool IsDirectory, bool IsLink, long Length, DateTimeOffset ModifiedAt)
{
    /// <summary>Null when the name vanished between listing and asking.</summary>
    public static DirectoryItem? From(FileSystemInfo info)
    {
        try
        {
            var link = info.LinkTarget is not null;
            var directory = info is DirectoryInfo;
            return new DirectoryItem(info.Name, directory && !link, link, info is FileInfo file && !link ? file.Length : 0, new DateTimeOffset(info.LastWriteTimeUtc, TimeSpan.Zero));
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }
}
