using NovaCron.Dwcp.Rehearsal.Api;
using NovaCron.Dwcp.Rehearsal.Kubelet.Volumes;

namespace NovaCron.Dwcp.Rehearsal.Cluster;

/// <summary>Pods' tokens from the API server of this process.</summary>
internal sealed class ApiServerTokens(ApiServer server) : IServiceAccountTokens
{
    public string IssueToken(string ns, string serviceAccount, TimeSpan lifetime, string pod) => server.IssueToken(ns, serviceAccount, lifetime, pod);
}
