using System.Management.Automation;
using NovaCron.Dwcp.Operations.Rollout;

namespace NovaCron.Dwcp.PowerShell.Cmdlets;

/// <summary>Ends DWCP v1: switches it off once nobody has used it for a while, and weeks later deploys an image without it.</summary>
/// <remarks>
/// Without -Image the guardian is asked to switch v1 off by configuration, after a second person has approved (Approve-DwcpRollout deprecation). It does so
/// only at 100 %, with the rollout completed and no v1 request on any pod for the window. Flag 0 brings v1 back at once, by whichever way it is written.
/// With -Image the nodes are replaced by an image without v1. Their pod template, with the image by digest, is archived first; a rollback deploys it again. An image
/// that does not come up, or has v1 after all, is taken back by itself.
/// </remarks>
/// <example>
/// <para>On day 7: switches v1 off when it has been quiet for two days, and watches for ten minutes.</para>
/// <code>Remove-DwcpV1 -Namespace production</code>
/// </example>
/// <example>
/// <para>Switches it on again.</para>
/// <code>Remove-DwcpV1 -Undo -Namespace production -Confirm:$false</code>
/// </example>
/// <example>
/// <para>In week 4: deploys an image without v1.</para>
/// <code>Remove-DwcpV1 -Image registry.example/novacron/dwcpd@sha256:0f3c... -Namespace production</code>
/// </example>
[Cmdlet(VerbsCommon.Remove, "DwcpV1", DefaultParameterSetName = DisableSet, SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(RolloutObservation), ParameterSetName = [DisableSet, UndoSet])]
[OutputType(typeof(V1RemovalReport), ParameterSetName = [ImageSet])]
public sealed class RemoveDwcpV1Command : WatchingCmdlet
{
    private const string DisableSet = "Disable";
    private const string UndoSet = "Undo";
    private const string ImageSet = "Image";

    /// <summary>How long nobody may have used v1; that of the rollout, two days by default, when absent.</summary>
    [Parameter(ParameterSetName = DisableSet)]
    public TimeSpan? Window { get; set; }

    /// <summary>Returns when the guardian has been told, without watching.</summary>
    [Parameter(ParameterSetName = DisableSet)]
    public SwitchParameter NoWait { get; set; }

    /// <summary>Switches v1 on again and asks no more for its end.</summary>
    [Parameter(Mandatory = true, ParameterSetName = UndoSet)]
    public SwitchParameter Undo { get; set; }

    /// <summary>An image without v1 (built with -p:DwcpV1=false), by digest.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ImageSet)]
    [ValidateNotNullOrEmpty]
    public string Image { get; set; } = "";

    /// <summary>How long v1 must have been switched off before it may go; two weeks by default.</summary>
    [Parameter(ParameterSetName = ImageSet)]
    public TimeSpan DisabledFor { get; set; } = TimeSpan.FromDays(14);

    /// <summary>How long the pods may take to be replaced; then the previous image is deployed again.</summary>
    [Parameter(ParameterSetName = ImageSet)]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromMinutes(15);

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var what = ParameterSetName switch
        {
            ImageSet => $"Replace the nodes by {Image}, which has no v1",
            UndoSet => "Switch v1 on again",
            _ => "Switch v1 off when nobody has used it",
        };
        if (!ShouldProcess($"DWCP v1 in namespace {Namespace}", what))
            return;
        if (ParameterSetName == ImageSet)
        {
            var progress = OnPipeline<string>(step =>
            {
                WriteVerbose(step);
                WriteProgress(new ProgressRecord(0, "Removing DWCP v1", step));
            });
            WriteObject(WithCluster(Image, (connection, cancellationToken) => new V1Removal(connection, Namespace).RemoveAsync(Image, DisabledFor, Timeout, progress, cancellationToken)));
            WriteProgress(new ProgressRecord(0, "Removing DWCP v1", "Done") { RecordType = ProgressRecordType.Completed });
            return;
        }
        WithCluster(Namespace, async (connection, cancellationToken) =>
        {
            var service = new RolloutService(connection, Namespace);
            var rollout = await service.DisableV1Async(!Undo, Window, cancellationToken).ConfigureAwait(false);
            if (Undo || NoWait)
                Post(() => WriteObject(service.Observe(rollout)));
            else
                await WatchAsync(service, observation => observation.V1DisabledAt is not null, cancellationToken).ConfigureAwait(false);
            return true;
        });
        CompleteProgress();
    }
}
