namespace NovaCron.Dwcp.Transport.Storage;

/// <summary>The rule for names of principals: 1 to 128 of letters, digits, <c>. _ - @ : / +</c> and no white space, so that they fit a line, a log and a label.</summary>
public static class PrincipalName
{
    /// <summary>Longest name, characters.</summary>
    public const int MaxLength = 128;

    /// <summary>True when <paramref name="name"/> may name a principal.</summary>
    public static bool IsValid(string? name) =>
        name is { Length: > 0 and <= MaxLength } && name.All(c => char.IsAsciiLetterOrDigit(c) || "._-@:/+".Contains(c));
}
