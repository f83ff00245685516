using System.Runtime.InteropServices;

namespace NovaCron.Dwcp.Node.Hosting;

/// <summary>SIGTERM and SIGINT: the first asks for an orderly end, the second for an end now.</summary>
internal sealed class StopSignals : IDisposable
{
    private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _now = new();
    private readonly PosixSignalRegistration _terminate;
    private readonly PosixSignalRegistration _interrupt;

    public StopSignals()
    {
        _terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
        _interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
    }

    /// <summary>Completes with the first signal.</summary>
    public Task Asked => _asked.Task;

    /// <summary>Cancelled with the second signal.</summary>
    public CancellationToken Now => _now.Token;

    public void Dispose()
    {
        _terminate.Dispose();
        _interrupt.Dispose();
        _now.Dispose();
    }

    private void OnSignal(PosixSignalContext context)
    {
        context.Cancel = true;
        if (!_asked.TrySetResult()) _now.Cancel();
    }
}
