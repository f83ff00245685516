using NovaCron.Dwcp.Rehearsal.Api;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Cluster;

/// <summary>The kubelet, for the API server that has to be there first.</summary>
internal sealed class PodRuntimeReference : IPodRuntime
{
    public IPodRuntime? Target { get; set; }

    public IAsyncEnumerable<PodLogLine> ReadLogAsync(PodLogRequest request, CancellationToken cancellationToken) =>
        Target?.ReadLogAsync(request, cancellationToken) ?? throw ApiStatusException.BadRequest("the kubelet has not started yet");
}
