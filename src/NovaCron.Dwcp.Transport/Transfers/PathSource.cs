namespace NovaCron.Dwcp.Transport.Transfers;

internal sealed class PathSource(IReadOnlyList<string> paths) : TransferSource
{
    public IReadOnlyList<string> Paths { get; } = paths;
}
