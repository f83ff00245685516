using NovaCron.Dwcp.Tool.Rehearsal;
using NovaCron.Dwcp.Tool.Screens;

namespace NovaCron.Dwcp.Tool.Hosting;

/// <summary>What one run of a runbook shares between host and cmdlets: reached through <c>$Host.PrivateData</c>.</summary>
internal sealed class RunbookSession(IScreen screen) : IAsyncDisposable
{
    private readonly List<RehearsalStep> _steps = [];
    private readonly List<IAsyncDisposable> _owned = [];

    public IScreen Screen { get; } = screen;

    /// <summary>The steps so far, in order.</summary>
    public IReadOnlyList<RehearsalStep> Steps => _steps;

    /// <summary>Exit code of the last result that carries one.</summary>
    public int? ResultExitCode { get; set; }

    /// <summary>Whether an error was written that did not end the runbook.</summary>
    public bool HadErrors { get; set; }

    public void Add(RehearsalStep step) => _steps.Add(step);

    /// <summary>Something that must not outlive the run, however it ends.</summary>
    public void Own(IAsyncDisposable thing) => _owned.Add(thing);

    /// <summary>Ends everything that the runbook left running, the youngest first.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var thing in Enumerable.Reverse(_owned))
            await thing.DisposeAsync().ConfigureAwait(false);
        _owned.Clear();
    }
}
