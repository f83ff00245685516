namespace NovaCron.Dwcp.Operations.Validation;

/// <summary>What a check found.</summary>
public enum CheckStatus
{
    Pass,
    Fail,
    /// <summary>It could not decide (unreachable, missing, stale, too slow). Counts as not passed.</summary>
    Error,
    /// <summary>It cannot apply here; the reason is in the detail.</summary>
    Skipped,
}
