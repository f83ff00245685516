namespace NovaCron.Dwcp.Rehearsal.Api;

/// <summary>What the API server asks the kubelet; pod addresses it reads from <c>status.podIP</c>.</summary>
public interface IPodRuntime
{
    /// <summary>
    /// The log of one container, oldest line first. With <see cref="PodLogRequest.Follow"/> the sequence goes on until the container ends
    /// for good or the token is cancelled.
    /// </summary>
    /// <exception cref="Storage.ApiStatusException">The container has no log (BadRequest, as the real server words it).</exception>
    IAsyncEnumerable<PodLogLine> ReadLogAsync(PodLogRequest request, CancellationToken cancellationToken);
}
