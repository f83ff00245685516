using System.Text.RegularExpressions;

namespace NovaCron.Dwcp.Rehearsal.Validation;

/// <summary>Which names Kubernetes accepts, and how it refuses others.</summary>
internal static partial class NameRules
{
    private const string LabelHint =
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character "
        + "(e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

    private const string QualifiedHint =
        "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character "
        + "(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

    /// <summary>What is wrong with a DNS subdomain, or <c>null</c>.</summary>
    public static string? Subdomain(string name) => name.Length > 253 ? "must be no more than 253 characters" : SubdomainPattern().IsMatch(name) ? null
        : "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character "
        + "(e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

    /// <summary>What is wrong with a DNS label, or <c>null</c>.</summary>
    public static string? Label(string name) => name.Length > 63 ? "must be no more than 63 characters" : LabelPattern().IsMatch(name) ? null
        : "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character "
        + "(e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";

    /// <summary>What is wrong with a DNS label that begins with a letter, or <c>null</c>.</summary>
    public static string? ServiceName(string name) => name.Length > 63 ? "must be no more than 63 characters" : ServicePattern().IsMatch(name) ? null
        : "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character "
        + "(e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";

    /// <summary>What is wrong with a name in a URL path, or <c>null</c>.</summary>
    public static string? PathSegment(string name) => name is "." or ".." ? $"may not be '{name}'"
        : name.Contains('/', StringComparison.Ordinal) ? "may not contain '/'" : name.Contains('%', StringComparison.Ordinal) ? "may not contain '%'" : null;

    /// <summary>What is wrong with the value of a label, or <c>null</c>.</summary>
    public static string? LabelValue(string value) =>
        value.Length > 63 ? "must be no more than 63 characters" : LabelValuePattern().IsMatch(value) ? null : LabelHint;

    /// <summary>What is wrong with the key of a label or annotation, or <c>null</c>.</summary>
    public static string? QualifiedName(string key)
    {
        var parts = key.Split('/');
        if (parts.Length > 2)
        {
            return "a qualified name " + QualifiedHint["name part ".Length..] + " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')";
        }
        if (parts.Length == 2 && (parts[0].Length == 0 || Subdomain(parts[0]) is not null))
        {
            return parts[0].Length == 0 ? "prefix part must be non-empty" : "prefix part " + Subdomain(parts[0]);
        }
        var name = parts[^1];
        return name.Length == 0 ? "name part must be non-empty" : name.Length > 63 ? "name part must be no more than 63 characters"
            : QualifiedPattern().IsMatch(name) ? null : QualifiedHint;
    }

    /// <summary>What is wrong with the key of a ConfigMap or Secret, or <c>null</c>.</summary>
    public static string? DataKey(string key) => key.Length > 253 ? "must be no more than 253 characters"
        : DataKeyPattern().IsMatch(key) && key is not ("." or "..") && !key.StartsWith("..", StringComparison.Ordinal) ? null
        : "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";

    [GeneratedRegex(@"\A[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\z")]
    private static partial Regex SubdomainPattern();

    [GeneratedRegex(@"\A[a-z0-9]([-a-z0-9]*[a-z0-9])?\z")]
    private static partial Regex LabelPattern();

    [GeneratedRegex(@"\A[a-z]([-a-z0-9]*[a-z0-9])?\z")]
    private static partial Regex ServicePattern();

    [GeneratedRegex(@"\A(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?\z")]
    private static partial Regex LabelValuePattern();

    [GeneratedRegex(@"\A([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]\z")]
    private static partial Regex QualifiedPattern();

    [GeneratedRegex(@"\A[-._a-zA-Z0-9]+\z")]
    private static partial Regex DataKeyPattern();
}
