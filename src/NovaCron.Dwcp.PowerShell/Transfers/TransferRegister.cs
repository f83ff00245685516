namespace NovaCron.Dwcp.PowerShell.Transfers;

/// <summary>The transfers of this process: those that run, and the last that ended.</summary>
internal static class TransferRegister
{
    private const int Remembered = 100;

    private static readonly object Gate = new();
    private static readonly List<DwcpTransferStatus> Transfers = [];
    private static int _last;

    public static DwcpTransferStatus Add(string direction, Uri remote, IReadOnlyList<string> local)
    {
        lock (Gate)
        {
            var ended = Transfers.Where(t => t.State != DwcpTransferState.Running).ToList();
            foreach (var oldest in ended.Take(ended.Count - Remembered + 1)) Transfers.Remove(oldest);
            var status = new DwcpTransferStatus(++_last, direction, remote, local);
            Transfers.Add(status);
            return status;
        }
    }

    public static IReadOnlyList<DwcpTransferStatus> All
    {
        get
        {
            lock (Gate) return [.. Transfers];
        }
    }
}
