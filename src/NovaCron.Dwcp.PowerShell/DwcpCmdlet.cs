using System.Management.Automation;
using NovaCron.Dwcp.PowerShell.Errors;
using NovaCron.Dwcp.PowerShell.Pipeline;

namespace NovaCron.Dwcp.PowerShell;

/// <summary>What all cmdlets share: an asynchronous service is awaited, and everything it reports is written on the pipeline's thread.</summary>
public abstract class DwcpCmdlet : PSCmdlet
{
    private readonly CancellationTokenSource _stopping = new();
    private PipelinePump? _pump;

    /// <summary>Runs the service off the pipeline's thread and returns its result; errors become terminating <see cref="ErrorRecord"/>s.</summary>
    /// <param name="target">What the command is about, for the error record.</param>
    /// <param name="work">The service call.</param>
    protected T Await<T>(object? target, Func<CancellationToken, Task<T>> work)
    {
        try
        {
            return AwaitUnmapped(work);
        }
        catch (Exception error) when (DwcpErrorRecord.Describes(error))
        {
            ThrowTerminatingError(DwcpErrorRecord.From(error, target));
            throw;
        }
    }

    /// <inheritdoc cref="Await{T}(object, Func{CancellationToken, Task{T}})"/>
    protected void Await(object? target, Func<CancellationToken, Task> work) =>
        Await(target, async cancellationToken =>
        {
            await work(cancellationToken).ConfigureAwait(false);
            return true;
        });

    /// <summary>The same, but an error is written and the command goes on with what is next.</summary>
    /// <returns>Null after an error.</returns>
    protected T? AwaitOrError<T>(object? target, Func<CancellationToken, Task<T>> work)
        where T : class
    {
        try
        {
            return AwaitUnmapped(work);
        }
        catch (Exception error) when (DwcpErrorRecord.Describes(error))
        {
            WriteError(DwcpErrorRecord.From(error, target));
            return null;
        }
    }

    /// <summary>A progress sink that services may call from any thread; <paramref name="write"/> runs on the pipeline's thread.</summary>
    protected IProgress<T> OnPipeline<T>(Action<T> write) => new PipelineProgress<T>(this, write);

    /// <summary>Runs an action on the pipeline's thread while a service is awaited.</summary>
    protected void Post(Action action) => Volatile.Read(ref _pump)?.Post(action);

    /// <summary>A path of the session's current location as a path of the file system.</summary>
    protected string ResolvePath(string path) => GetUnresolvedProviderPathFromPSPath(path);

    /// <summary>Whether the caller gave the parameter.</summary>
    protected bool IsBound(string parameter) => MyInvocation.BoundParameters.ContainsKey(parameter);

    /// <summary>Whether -WhatIf or $WhatIfPreference asks for a description instead of the deed.</summary>
    protected bool IsWhatIf => MyInvocation.BoundParameters.TryGetValue("WhatIf", out var given)
        ? given is SwitchParameter { IsPresent: true }
        : LanguagePrimitives.IsTrue(GetVariableValue("WhatIfPreference"));

    /// <inheritdoc/>
    protected override void StopProcessing() => _stopping.Cancel();

    private T AwaitUnmapped<T>(Func<CancellationToken, Task<T>> work)
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        var pump = new PipelinePump();
        Volatile.Write(ref _pump, pump);
        try
        {
            var task = Task.Run(() => work(cancel.Token), CancellationToken.None);
            pump.RunUntilDone(task, cancel);
            return task.GetAwaiter().GetResult();
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            throw new PipelineStoppedException();
        }
        finally
        {
            Volatile.Write(ref _pump, null);
        }
    }

    private sealed class PipelineProgress<T>(DwcpCmdlet cmdlet, Action<T> write) : IProgress<T>
    {
        public void Report(T value) => cmdlet.Post(() => write(value));
    }
}
