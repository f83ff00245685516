namespace NovaCron.Dwcp.Rehearsal.Kubelet.Volumes;

/// <summary>Where the kubelet gets a pod's tokens: the API server.</summary>
internal interface IServiceAccountTokens
{
    /// <summary>A bearer token of a service account that is bound to a pod.</summary>
    /// <exception cref="Storage.ApiStatusException">The account does not exist (NotFound).</exception>
    string IssueToken(string ns, string serviceAccount, TimeSpan lifetime, string pod);
}
