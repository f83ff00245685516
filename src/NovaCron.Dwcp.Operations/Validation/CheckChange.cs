namespace NovaCron.Dwcp.Operations.Validation;

/// <summary>A check that came out differently in a later validation.</summary>
/// <param name="Id">The check.</param>
/// <param name="Category">Its category.</param>
/// <param name="Severity">Its severity.</param>
/// <param name="Before">Earlier outcome; null when it did not run then.</param>
/// <param name="After">Later outcome; null when it did not run.</param>
/// <param name="Detail">What the later one saw.</param>
public sealed record CheckChange(string Id, CheckCategory Category, CheckSeverity Severity, CheckStatus? Before, CheckStatus? After, string Detail)
{
    /// <summary>It passed, and now it does not, or nobody knows: a check that is left out is no longer known to pass.</summary>
    public bool IsRegression => Before == CheckStatus.Pass && After != CheckStatus.Pass;
}
