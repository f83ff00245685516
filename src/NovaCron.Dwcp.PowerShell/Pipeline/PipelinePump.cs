using System.Collections.Concurrent;

namespace NovaCron.Dwcp.PowerShell.Pipeline;

/// <summary>Carries what an asynchronous service reports over to the pipeline's thread: PowerShell accepts objects from no other.</summary>
internal sealed class PipelinePump
{
    private readonly BlockingCollection<Action> _actions = [];

    /// <summary>Queues an action; once the awaited task has ended and the queue is empty, later ones are dropped.</summary>
    public void Post(Action action)
    {
        try
        {
            _actions.Add(action);
        }
        catch (InvalidOperationException) when (_actions.IsAddingCompleted)
        {
            // A service that reports after it has finished has nobody left to report to.
        }
    }

    /// <summary>
    /// Runs queued actions until the task has ended. When an action throws (the pipeline was stopped, or a preference says Stop),
    /// the service is cancelled and waited for before the exception goes on: it must not outlive the command.
    /// </summary>
    public void RunUntilDone(Task task, CancellationTokenSource cancel)
    {
        _ = task.ContinueWith(_ => _actions.CompleteAdding(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        try
        {
            foreach (var action in _actions.GetConsumingEnumerable())
                action();
        }
        catch
        {
            cancel.Cancel();
            ((IAsyncResult)task).AsyncWaitHandle.WaitOne();
            throw;
        }
    }
}
