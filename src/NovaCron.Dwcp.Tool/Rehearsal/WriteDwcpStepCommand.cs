using System.Diagnostics;
using System.Management.Automation;

namespace NovaCron.Dwcp.Tool.Rehearsal;

/// <summary>Runs one step of the story in the caller's scope, shows it with its time, and ends the story when it fails.</summary>
[Cmdlet(VerbsCommunications.Write, "DwcpStep")]
public sealed class WriteDwcpStepCommand : RehearsalCmdlet
{
    /// <summary>What the step is to do.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    public string Name { get; set; } = "";

    /// <summary>The step. It throws when something is not as the story says.</summary>
    [Parameter(Mandatory = true, Position = 1)]
    public ScriptBlock Block { get; set; } = null!;

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var started = DateTimeOffset.UtcNow;
        var watch = Stopwatch.StartNew();
        Session.Screen.BeginStep(Name);
        try
        {
            // The caller's scope, so that a step can hand variables to the next.
            WriteObject(InvokeCommand.InvokeScript(useLocalScope: false, Block, null), enumerateCollection: true);
            End(null);
        }
        catch (PipelineStoppedException)
        {
            End("stopped");
            throw;
        }
        catch (RuntimeException error)
        {
            End(error.ErrorRecord.Exception.Message);
            throw;
        }

        void End(string? failure)
        {
            Session.Add(new RehearsalStep(Session.Steps.Count + 1, Name, started, watch.Elapsed, failure));
            Session.Screen.EndStep(Name, watch.Elapsed, failure);
        }
    }
}
