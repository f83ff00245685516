namespace NovaCron.Dwcp.Rehearsal.Cel;

internal enum CelTokenKind
{
    End,
    Identifier,
    Text,
    Integer,
    Real,
    Symbol,
}

/// <summary>One token of an expression.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">Its text; for literals the value.</param>
/// <param name="At">Where it begins.</param>
internal readonly record struct CelToken(CelTokenKind Kind, string Text, int At);
