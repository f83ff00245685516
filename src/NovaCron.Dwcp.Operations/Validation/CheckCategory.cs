namespace NovaCron.Dwcp.Operations.Validation;

/// <summary>The eight categories, in the order of reports.</summary>
public enum CheckCategory
{
    Infrastructure,
    Health,
    Components,
    Performance,
    Security,
    Monitoring,
    FeatureFlags,
    Integration,
}
