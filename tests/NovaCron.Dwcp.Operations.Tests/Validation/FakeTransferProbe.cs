using NovaCron.Dwcp.Operations.Tests.Staging;
using NovaCron.Dwcp.Operations.Validation;

namespace NovaCron.Dwcp.Operations.Tests.Validation;

/// <summary>A transfer client that always does what it should, unless a test says otherwise; each transfer moves the nodes' counters.</summary>
internal sealed class FakeTransferProbe(FakeNodes nodes, Func<string> apiKey) : ITransferProbe
{
    public Func<TransferProbeRequest, TransferProbeResult, TransferProbeResult>? Break { get; set; }

    public int RequestsPerTransfer { get; set; } = 6;

    public int ErrorsPerTransfer { get; set; }

    public int SlowPerTransfer { get; set; }

    public Task<TransferProbeResult> RunAsync(TransferProbeRequest request, CancellationToken cancellationToken)
    {
        nodes.Requests += RequestsPerTransfer;
        nodes.ServerErrors += ErrorsPerTransfer;
        nodes.SlowRequests += SlowPerTransfer;
        var refused = request.ApiKey != apiKey();
        var result = new TransferProbeResult
        {
            Succeeded = !refused,
            CredentialRefused = refused,
            Version = refused ? 0 : request.CanaryKey is not null ? 3 : 1,
            UserBytes = request.Bytes,
            WireBytes = request.Bytes / 2,
            Duration = TimeSpan.FromMilliseconds(20),
            HashesEqual = !refused,
            Resumes = request.Interrupt ? 1 : 0,
            Detail = refused ? "401" : "",
        };
        return Task.FromResult(Break?.Invoke(request, result) ?? result);
    }
}
