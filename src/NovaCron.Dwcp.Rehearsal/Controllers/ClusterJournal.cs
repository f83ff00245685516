using System.Globalization;

namespace NovaCron.Dwcp.Rehearsal.Controllers;

/// <summary>What the cluster's own parts have to say, for the one who looks why something does not happen: <c>cluster.log</c>.</summary>
internal sealed class ClusterJournal(string path, TimeProvider time)
{
    private readonly Lock _gate = new();

    public void Write(string component, string message)
    {
        lock (_gate)
        {
            File.AppendAllText(path, $"{time.GetUtcNow().ToString("O", CultureInfo.InvariantCulture)} {component}: {message}\n");
        }
    }
}
