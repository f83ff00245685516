using System.Globalization;
using System.Text.Json.Nodes;
using NovaCron.Dwcp.Operations.Cluster;

namespace NovaCron.Dwcp.Operations.Validation;

/// <summary>One drill at a time in a namespace: Lease <c>dwcp-v3-drill</c>, given back when the drill is over, and free again by itself when its holder died.</summary>
internal sealed class DrillLease : IAsyncDisposable
{
    private const string Name = "dwcp-v3-drill";
    private const int Seconds = 300;

    private readonly ValidationContext _context;
    private readonly JsonObject _lease;

    private DrillLease(ValidationContext context, JsonObject lease) => (_context, _lease) = (context, lease);

    /// <exception cref="InconclusiveException">Somebody else drills.</exception>
    public static async Task<DrillLease> TakeAsync(ValidationContext context, CancellationToken cancellationToken)
    {
        var identity = $"{Environment.MachineName}-{Guid.NewGuid().ToString("N")[..8]}";
        var live = await context.Connection.FindAsync(ClusterResource.Lease, context.Namespace, Name, cancellationToken).ConfigureAwait(false);
        var holder = live.Text("spec", "holderIdentity");
        if (!string.IsNullOrEmpty(holder) && live.Moment("spec", "renewTime") is { } renewed
            && context.Now - renewed < TimeSpan.FromSeconds(live.Whole("spec", "leaseDurationSeconds") ?? Seconds))
            throw new InconclusiveException($"{holder} drills in namespace {context.Namespace} (Lease {Name}); validate again when that is over");
        var now = context.Now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);
        var document = new JsonObject
        {
            ["apiVersion"] = "coordination.k8s.io/v1",
            ["kind"] = "Lease",
            ["metadata"] = new JsonObject { ["name"] = Name, ["namespace"] = context.Namespace },
            ["spec"] = new JsonObject { ["holderIdentity"] = identity, ["leaseDurationSeconds"] = Seconds, ["acquireTime"] = now, ["renewTime"] = now },
        };
        try
        {
            if (live is null)
                return new DrillLease(context, await context.Connection.CreateAsync(document, cancellationToken: cancellationToken).ConfigureAwait(false));
            // Whoever replaces the version that both read first has it.
            document["metadata"]!["resourceVersion"] = live.Text("metadata", "resourceVersion");
            return new DrillLease(context, await context.Connection.ReplaceAsync(document, cancellationToken: cancellationToken).ConfigureAwait(false));
        }
        catch (DwcpClusterException e) when (e.Failure == ClusterFailure.Conflict)
        {
            throw new InconclusiveException($"somebody else began a drill in namespace {context.Namespace} at the same moment; validate again when that is over");
        }
    }

    /// <summary>Gives it back. Not with the caller's token: it is given back after Ctrl+C too.</summary>
    public async ValueTask DisposeAsync()
    {
        _lease["spec"]!["holderIdentity"] = "";
        try
        {
            await _context.Connection.ReplaceAsync(_lease, cancellationToken: CancellationToken.None).ConfigureAwait(false);
        }
        catch (DwcpClusterException e) when (e.Failure is ClusterFailure.Conflict or ClusterFailure.NotFound or ClusterFailure.Unreachable or ClusterFailure.Timeout or ClusterFailure.ServerError or ClusterFailure.Throttled)
        {
            // Taken over, or out of reach: it ends by itself after its duration.
        }
    }
}
