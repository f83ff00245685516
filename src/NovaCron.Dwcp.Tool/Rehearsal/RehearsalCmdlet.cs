using System.Management.Automation;
using NovaCron.Dwcp.Rehearsal.Cluster;
using NovaCron.Dwcp.Tool.Hosting;

namespace NovaCron.Dwcp.Tool.Rehearsal;

/// <summary>What the rehearsal's cmdlets share. They exist in dwcp's own sessions only.</summary>
public abstract class RehearsalCmdlet : PSCmdlet
{
    private readonly CancellationTokenSource _stopping = new();

    private protected RunbookSession Session => (RunbookSession)Host.PrivateData.BaseObject;

    private protected CancellationToken StopToken => _stopping.Token;

    /// <inheritdoc/>
    protected override void StopProcessing() => _stopping.Cancel();

    private protected T Await<T>(object target, Func<CancellationToken, Task<T>> work)
    {
        try
        {
            return Task.Run(() => work(StopToken)).GetAwaiter().GetResult();
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            throw new PipelineStoppedException();
        }
        catch (Exception error) when (error is RehearsalException or NovaCron.Dwcp.Operations.Cluster.DwcpClusterException or InvalidOperationException or ArgumentException or IOException or TimeoutException)
        {
            ThrowTerminatingError(new ErrorRecord(error, $"Dwcp.Rehearsal.{error.GetType().Name}", ErrorCategory.InvalidOperation, target));
            throw;
        }
    }

    private protected void Await(object target, Func<CancellationToken, Task> work) =>
        Await(target, async cancellationToken =>
        {
            await work(cancellationToken).ConfigureAwait(false);
            return true;
        });
}
