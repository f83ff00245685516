using System.Net;

namespace NovaCron.Dwcp.Operations.Cluster;

/// <summary>A request to the cluster that failed: what happened, to which object, and what to do about it.</summary>
public sealed class DwcpClusterException : Exception
{
    public DwcpClusterException(ClusterFailure failure, string target, string what, string remedy, Exception? inner = null)
        : base($"{target}: {what.TrimEnd('.', ' ')}. {remedy}", inner)
    {
        Failure = failure;
        Target = target;
        What = what;
        Remedy = remedy;
    }

    public ClusterFailure Failure { get; }

    /// <summary>The object that the request was about, for example <c>ConfigMap staging/dwcp-v3-config</c>.</summary>
    public string Target { get; }

    /// <summary>What happened, in the server's words where it said something.</summary>
    public string What { get; }

    /// <summary>What the operator can do.</summary>
    public string Remedy { get; }

    /// <summary>HTTP status, if the server answered.</summary>
    public HttpStatusCode? StatusCode { get; init; }

    /// <summary>The machine-readable reason of the server's Status object (<c>AlreadyExists</c>, <c>Conflict</c>, ...), if it sent one.</summary>
    public string? Reason { get; init; }

    /// <summary>Fields that the server complained about, as <c>field: message</c>.</summary>
    public IReadOnlyList<string> Causes { get; init; } = [];
}
