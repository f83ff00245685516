namespace NovaCron.Dwcp.Transport.Transfers;

internal sealed class PathSource(IReadOnlyList<string> paths, Func<string, bool, bool>? includes) : TransferSource
{
    public IReadOnlyList<string> Paths { get; } = paths;

    /// <summary>What to send of directories, by relative path and whether it is a directory; null for everything.</summary>
    public Func<string, bool, bool>? Includes { get; } = includes;
}
