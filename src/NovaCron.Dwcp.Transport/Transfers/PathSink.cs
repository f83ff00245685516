namespace NovaCron.Dwcp.Transport.Transfers;

internal sealed class PathSink(string path) : TransferSink
{
    public string Path { get; } = path;
}
