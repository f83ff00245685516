namespace NovaCron.Dwcp.Operations.Validation.Readiness;

/// <summary>Whether a criterion is met.</summary>
public enum ReadinessStatus
{
    Met,
    NotMet,
    /// <summary>Nothing tells: no report, no attestation, or a check that could not decide. Never counts as met.</summary>
    Unknown,
}
