using System.Management.Automation;
using NovaCron.Dwcp.Operations.Rollout;

namespace NovaCron.Dwcp.Tool.Rehearsal;

/// <summary>Shows the observations in which something changed for people, and keeps the last one in a variable.</summary>
[Cmdlet(VerbsCommunications.Write, "DwcpObservation")]
public sealed class WriteDwcpObservationCommand : RehearsalCmdlet
{
    private RolloutObservation? _last;
    private SteppablePipeline? _display;

    /// <summary>What Set-DwcpRollout or Get-DwcpRollout -Watch wrote.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true)]
    public RolloutObservation Observation { get; set; } = null!;

    /// <summary>Name of the variable for the last observation.</summary>
    [Parameter(Mandatory = true)]
    public string LastVariable { get; set; } = "";

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        _display = ScriptBlock.Create("Out-Default").GetSteppablePipeline(CommandOrigin.Internal);
        _display.Begin(expectInput: true);
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (_last is null || Key(_last) != Key(Observation))
            _display!.Process(PSObject.AsPSObject(Observation));
        _last = Observation;
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        _display!.End();
        _display.Dispose();
        SessionState.PSVariable.Set(LastVariable, _last);
    }

    private static object Key(RolloutObservation observation) =>
        (observation.State, observation.Percent, observation.AppliedPods, observation.ReadyPods, observation.V3?.Errors);
}
