namespace NovaCron.Dwcp.Operations.Validation;

/// <summary>Something that validation was asked to do and refuses.</summary>
public sealed class DwcpValidationException(string target, string what, string remedy) : Exception($"{target}: {what}. {remedy}")
{
    public string Target { get; } = target;

    public string Remedy { get; } = remedy;
}
