namespace NovaCron.Dwcp.Node.Configuration;

/// <summary>The well-known places that the node reads and writes, below <c>DWCP_ROOT</c> when that is set.</summary>
public sealed class NodePaths
{
    /// <param name="root">Directory that stands for <c>/</c>; null or empty for the real one.</param>
    public NodePaths(string? root) => Root = string.IsNullOrEmpty(root) ? "/" : Path.GetFullPath(root);

    /// <summary>What stands for <c>/</c>.</summary>
    public string Root { get; }

    /// <summary>The mounted Secret dwcp-v3-secrets.</summary>
    public string Secrets => Path.Combine(Root, "etc/dwcp/secrets");

    /// <summary>The mounted Secret dwcp-v3-notifications of the guardian; may be absent.</summary>
    public string Notifications => Path.Combine(Root, "etc/dwcp/notifications");

    /// <summary>The mounted claim dwcp-v3-store.</summary>
    public string Store => Path.Combine(Root, "var/lib/dwcp/store");

    /// <summary>Token, CA and namespace of the pod's service account.</summary>
    public string ServiceAccount => Path.Combine(Root, "var/run/secrets/kubernetes.io/serviceaccount");

    /// <summary>Faults to inject; read in rehearsals only.</summary>
    public string Faults => Path.Combine(Root, "run/faults.json");
}
