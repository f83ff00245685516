using NovaCron.Dwcp.Rehearsal.Admission;
using NovaCron.Dwcp.Rehearsal.Schemas;
using NovaCron.Dwcp.Rehearsal.Security;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Api;

/// <summary>What the handlers of the API server share.</summary>
internal sealed record ApiContext(
    ClusterStore Store, SchemaRegistry Schemas, TokenAuthority Tokens, Authorizer Authorizer, AdmissionChain Admission, IPodRuntime? Pods)
{
    /// <summary>Fires when the server ends; watches and followed logs end with it.</summary>
    public required CancellationToken Stopping { get; init; }
}
