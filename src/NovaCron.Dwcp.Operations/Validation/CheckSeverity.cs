namespace NovaCron.Dwcp.Operations.Validation;

/// <summary>How bad a failed check is. The value is its weight in a category's percent.</summary>
public enum CheckSeverity
{
    Low = 1,
    Medium = 2,
    High = 5,
    /// <summary>One failed critical check is NO-GO.</summary>
    Critical = 10,
}
