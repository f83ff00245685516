using System.Management.Automation;

namespace NovaCron.Dwcp.Tool.Screens;

/// <summary>Where a runbook is seen: a terminal with a live region, or plain lines.</summary>
internal interface IScreen : IDisposable
{
    /// <summary>Columns that a table may fill.</summary>
    int Width { get; }

    /// <summary>Whether escape sequences are understood.</summary>
    bool IsTerminal { get; }

    void WriteLine(LineKind kind, string text);

    void WriteProgress(long sourceId, ProgressRecord record);

    void BeginStep(string name);

    void EndStep(string name, TimeSpan duration, string? failure);
}
