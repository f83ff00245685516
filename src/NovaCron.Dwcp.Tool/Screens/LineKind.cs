namespace NovaCron.Dwcp.Tool.Screens;

/// <summary>What a line is, which decides its colour and its stream.</summary>
internal enum LineKind
{
    Output,
    Information,
    Verbose,
    Debug,
    Warning,
    Error,
}
