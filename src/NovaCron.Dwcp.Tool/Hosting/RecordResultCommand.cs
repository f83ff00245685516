using System.Management.Automation;

namespace NovaCron.Dwcp.Tool.Hosting;

/// <summary>Stands between a runbook and the screen: notes the exit codes of results, and writes errors in full.</summary>
[Cmdlet(VerbsCommon.Watch, "DwcpRunbookResult")]
public sealed class RecordResultCommand : PSCmdlet
{
    internal const string Name = "Watch-DwcpRunbookResult";

    /// <summary>What the runbook wrote.</summary>
    [Parameter(ValueFromPipeline = true)]
    [AllowNull]
    public PSObject? InputObject { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var session = (RunbookSession)Host.PrivateData.BaseObject;
        if (InputObject?.BaseObject is ErrorRecord error)
        {
            session.HadErrors = true;
            ErrorText.Write(session.Screen, error);
            return;
        }
        if (InputObject?.Properties["ExitCode"]?.Value is int exitCode)
            session.ResultExitCode = exitCode;
        WriteObject(InputObject);
    }
}
