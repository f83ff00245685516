namespace NovaCron.Dwcp.Transport.Datacenter;

/// <summary>A thread that moves payload: it blocks in reads, copies and waits for long, which a pool's threads must not.</summary>
internal static class DataThread
{
    public static Task Run(string name, Action body)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(() =>
        {
            try
            {
                body();
                done.SetResult();
            }
            catch (OperationCanceledException e)
            {
                done.SetException(e.InnerException ?? e);
            }
            catch (Exception e)
            {
                done.SetException(e); // observed by who awaits the task
            }
        })
        {
            IsBackground = true,
            Name = name,
        };
        thread.Start();
        return done.Task;
    }
}
