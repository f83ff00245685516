namespace NovaCron.Dwcp.Operations.Cluster;

/// <summary>One field that differs: its path, and its JSON before and after (null = absent).</summary>
public sealed record FieldChange(string Path, string? Before, string? After)
{
    public override string ToString() => (Before, After) switch
    {
        (null, _) => $"+ {Path}: {After}",
        (_, null) => $"- {Path}: {Before}",
        _ => $"~ {Path}: {Before} -> {After}",
    };
}
