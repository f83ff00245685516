namespace NovaCron.Dwcp.Operations.Validation;

/// <summary>Moves real data through a node on behalf of the checks; implemented over the transfer client by the layer that has one.</summary>
public interface ITransferProbe
{
    /// <summary>Sends generated data, reads it back, compares the hashes.</summary>
    Task<TransferProbeResult> RunAsync(TransferProbeRequest request, CancellationToken cancellationToken);
}
