namespace NovaCron.Dwcp.Tool.Commands;

/// <summary>A file for what goes through a pipe, in a directory that only this user can read; gone when disposed.</summary>
internal sealed class SpoolFile : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("dwcp-pipe-");

    public string Path => System.IO.Path.Combine(_directory.FullName, "pipe");

    public void Dispose() => _directory.Delete(recursive: true);
}
