namespace NovaCron.Dwcp.Operations.Staging;

/// <summary>How a stage ended.</summary>
public enum StageOutcome
{
    Changed,
    Unchanged,
    Skipped,
}
