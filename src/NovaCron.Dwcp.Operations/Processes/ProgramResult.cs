namespace NovaCron.Dwcp.Operations.Processes;

/// <summary>How a program ended and what it said.</summary>
internal sealed record ProgramResult(int ExitCode, IReadOnlyList<string> Output, IReadOnlyList<string> Errors)
{
    public bool Succeeded => ExitCode == 0;

    /// <summary>The last lines that say something, errors first, for people.</summary>
    public string Complaint(int lines = 4)
    {
        var source = Errors.Any(l => l.Trim().Length > 0) ? Errors : Output;
        return string.Join(" | ", source.Select(l => l.Trim()).Where(l => l.Length > 0).TakeLast(lines));
    }
}
