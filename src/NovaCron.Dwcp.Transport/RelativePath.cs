using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace NovaCron.Dwcp.Transport;

/// <summary>
/// A path that is safe to create beneath a root on any operating system: components separated by '/', none of them empty, <c>.</c> or <c>..</c>, no drive,
/// no back-slash or control character, no name that Windows reserves, none that ends in a dot or a space. The empty path is the root itself.
/// Collisions of names that differ in case only are the business of <see cref="Objects.EntryRules"/>, which sees all of them.
/// </summary>
public readonly struct RelativePath : IEquatable<RelativePath>
{
    /// <summary>Longest path, UTF-8 bytes.</summary>
    public const int MaxBytes = 4096;

    /// <summary>Longest component, UTF-8 bytes: the limit of ext4, XFS and NTFS.</summary>
    public const int MaxComponentBytes = 255;

    /// <summary>Most components.</summary>
    public const int MaxDepth = 128;

    private static readonly HashSet<string> ReservedNames = new(StringComparer.OrdinalIgnoreCase)
    {
        "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$",
        "COM0", "COM1", "COM2", "COM3", "COM4", "COM5", "COM6", "COM7", "COM8", "COM9", "COM\u00B9", "COM\u00B2", "COM\u00B3",
        "LPT0", "LPT1", "LPT2", "LPT3", "LPT4", "LPT5", "LPT6", "LPT7", "LPT8", "LPT9", "LPT\u00B9", "LPT\u00B2", "LPT\u00B3",
    };

    private readonly string? _text;

    private RelativePath(string text) => _text = text;

    /// <summary>The root itself.</summary>
    public static RelativePath Root => default;

    /// <summary>True for the root itself.</summary>
    public bool IsRoot => Text.Length == 0;

    /// <summary>The path as text.</summary>
    public string Text => _text ?? "";

    /// <summary>The last component, empty for the root.</summary>
    public string Name => Text[(Text.LastIndexOf('/') + 1)..];

    /// <summary>The path without its last component.</summary>
    public RelativePath Parent => Text.LastIndexOf('/') is var i and >= 0 ? new(Text[..i]) : default;

    /// <summary>Checks and wraps a path.</summary>
    /// <exception cref="DwcpProtocolException">It breaks a rule; code <see cref="DwcpErrorCode.InvalidPath"/>.</exception>
    public static RelativePath Parse(string text) =>
        TryParse(text, out var path, out var problem)
            ? path
            : throw new DwcpProtocolException(DwcpErrorCode.InvalidPath, $"The path '{Printable(text)}' {problem}. Rename it, or leave it out of the transfer.");

    /// <summary>Checks and wraps a path.</summary>
    /// <param name="text">The path.</param>
    /// <param name="path">The wrapped path.</param>
    /// <param name="problem">The rule that it breaks, continuing a sentence that begins with the path.</param>
    public static bool TryParse(string text, out RelativePath path, [NotNullWhen(false)] out string? problem)
    {
        ArgumentNullException.ThrowIfNull(text);
        path = default;
        problem = Check(text);
        if (problem is not null) return false;
        path = new RelativePath(text);
        return true;
    }

    /// <summary>The path of a component below this one, checked.</summary>
    /// <exception cref="DwcpProtocolException">The result breaks a rule.</exception>
    public RelativePath Append(string component) => Parse(IsRoot ? component : $"{Text}/{component}");

    /// <inheritdoc/>
    public bool Equals(RelativePath other) => Text == other.Text;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is RelativePath other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => Text.GetHashCode(StringComparison.Ordinal);

    /// <inheritdoc/>
    public override string ToString() => Text;

    /// <summary>Equality of the text.</summary>
    public static bool operator ==(RelativePath left, RelativePath right) => left.Equals(right);

    /// <summary>Inequality.</summary>
    public static bool operator !=(RelativePath left, RelativePath right) => !left.Equals(right);

    private static string? Check(string text)
    {
        if (text.Length == 0) return null;
        if (text.Length > MaxBytes || Encoding.UTF8.GetByteCount(text) > MaxBytes) return $"is longer than {MaxBytes} bytes";
        if (text[0] == '/') return "is absolute";
        if (text.Length >= 2 && text[1] == ':' && char.IsAsciiLetter(text[0])) return "names a drive";
        var components = text.Split('/');
        if (components.Length > MaxDepth) return $"is deeper than {MaxDepth} components";
        foreach (var component in components)
        {
            if (CheckComponent(component) is { } problem) return problem;
        }

        return null;
    }

    private static string? CheckComponent(string component)
    {
        if (component.Length == 0) return "has an empty component";
        if (component is "." or "..") return $"has the component '{component}'";
        if (Encoding.UTF8.GetByteCount(component) > MaxComponentBytes) return $"has a component longer than {MaxComponentBytes} bytes";
        foreach (var c in component)
        {
            if (c == '\\') return "contains a back-slash, which separates components on Windows";
            if (c < ' ' || c == '\u007F') return "contains a control character";
        }

        // A lone surrogate has no UTF-8 form, so two different names could become one.
        for (var i = 0; i < component.Length; i++)
        {
            if (char.IsHighSurrogate(component[i]) && i + 1 < component.Length && char.IsLowSurrogate(component[i + 1])) i++;
            else if (char.IsSurrogate(component[i])) return "is not valid Unicode";
        }

        if (component[^1] is '.' or ' ') return "has a component that ends in a dot or a space, which Windows drops";
        var stem = component.IndexOf('.') is var dot and >= 0 ? component[..dot] : component;
        return ReservedNames.Contains(stem.TrimEnd(' ')) ? $"has the component '{component}', a name that Windows reserves" : null;
    }

    private static string Printable(string text)
    {
        var shown = text.Length <= 120 ? text : text[..117] + "...";
        return string.Concat(shown.Select(c => char.IsControl(c) ? '?' : c));
    }
}
