namespace NovaCron.Dwcp.Transport.Datagrams;

/// <summary>Wakes those who wait for a change of state that a lock guards. Take the task under the lock, await it outside.</summary>
internal sealed class AsyncSignal
{
    private TaskCompletionSource? _waiting;

    /// <summary>Completes at the next <see cref="Set"/>.</summary>
    public Task Next => (_waiting ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    public void Set()
    {
        _waiting?.TrySetResult();
        _waiting = null;
    }
}
