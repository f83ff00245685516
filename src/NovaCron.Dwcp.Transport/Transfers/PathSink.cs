using NovaCron.Dwcp.Transport.Exchange;

namespace NovaCron.Dwcp.Transport.Transfers;

internal sealed class PathSink(string path, bool delta) : TransferSink
{
    public string Path { get; } = path;

    /// <summary>What stood there before the transfer; null where it is not compared with.</summary>
    public PresentChunks? Present { get; private set; }

    /// <summary>Reads what stands there, where it is to be compared with. Before a session is open: reading may take longer than one may be idle.</summary>
    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        if (delta) Present = await Task.Run(() => PresentChunks.Read(Path, cancellationToken), cancellationToken).ConfigureAwait(false);
    }
}
