namespace NovaCron.Dwcp.Benchmarks.Links;

/// <summary>Keeps the processors busy until disposed.</summary>
internal sealed class BusyThreads : IDisposable
{
    private readonly List<Thread> _threads = [];
    private volatile bool _stopping;

    /// <param name="perProcessor">Threads for each processor; 0 for none.</param>
    public BusyThreads(int perProcessor)
    {
        for (var i = 0; i < perProcessor * Environment.ProcessorCount; i++)
        {
            var thread = new Thread(Spin) { IsBackground = true };
            _threads.Add(thread);
            thread.Start();
        }
    }

    public void Dispose()
    {
        _stopping = true;
        foreach (var thread in _threads) thread.Join();
    }

    private void Spin()
    {
        var sum = 0u;
        while (!_stopping) sum = (sum * 1664525) + 1013904223;
        GC.KeepAlive(sum);
    }
}
