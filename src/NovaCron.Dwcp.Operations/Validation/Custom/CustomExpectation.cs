using System.Globalization;

namespace NovaCron.Dwcp.Operations.Validation.Custom;

/// <summary>What a check of the operator's own expects; everything that is given must hold.</summary>
public sealed record CustomExpectation
{
    /// <summary>The text that it must be.</summary>
    public string? EqualTo { get; init; }

    /// <summary>The text that it must hold.</summary>
    public string? Contains { get; init; }

    /// <summary>The least number that it may be.</summary>
    public double? AtLeast { get; init; }

    /// <summary>The greatest number that it may be.</summary>
    public double? AtMost { get; init; }

    /// <summary>HTTP status; 200 by default.</summary>
    public int Status { get; init; } = 200;

    internal bool IsEmpty => EqualTo is null && Contains is null && AtLeast is null && AtMost is null;

    /// <summary>What is wrong with a value, or null.</summary>
    /// <exception cref="InconclusiveException">A number is expected, and it is none.</exception>
    internal string? Problem(string value)
    {
        if (EqualTo is not null && value != EqualTo)
            return $"is '{ValidationContext.Start(value)}', expected '{EqualTo}'";
        if (Contains is not null && !value.Contains(Contains, StringComparison.Ordinal))
            return $"does not hold '{Contains}': {ValidationContext.Start(value)}";
        if (AtLeast is null && AtMost is null)
            return null;
        if (!double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) || double.IsNaN(number))
            throw new InconclusiveException($"'{ValidationContext.Start(value)}' is no number");
        if (AtLeast is { } least && number < least)
            return string.Create(CultureInfo.InvariantCulture, $"is {number}, expected at least {least}");
        return AtMost is { } most && number > most ? string.Create(CultureInfo.InvariantCulture, $"is {number}, expected at most {most}") : null;
    }
}
