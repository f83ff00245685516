using System.Diagnostics;

namespace NovaCron.Dwcp.Rehearsal.Kubelet.Processes;

/// <summary>A running process of a container, with everything that it started.</summary>
internal sealed class ContainerProcess
{
    // What left the group of a process that is gone may hold its pipe for ever.
    private static readonly TimeSpan LongestDrain = TimeSpan.FromSeconds(2);

    private readonly Process _process;
    // Its id may be another's from now on.
    private volatile bool _gone;
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal ContainerProcess(Process process, IProcessOutput output)
    {
        _process = process;
        Id = process.Id;
        // A thread, not a pool task: pipes are read by blocking, and a dozen pods would starve a pool of two.
        var pump = new Thread(() => Pump(output), maxStackSize: 256 * 1024) { IsBackground = true, Name = $"output of process {Id}" };
        pump.Start();
        Exited = WaitAsync();
    }

    /// <summary>The process id; also the id of its session and group.</summary>
    public int Id { get; }

    /// <summary>Ends with the exit code (128 + signal when a signal ended it), once the process and its descendants are gone and their last output is written.</summary>
    public Task<int> Exited { get; }

    /// <summary>Processor time used so far by the main process; zero once it is gone.</summary>
    public TimeSpan ProcessorTime
    {
        get
        {
            try
            {
                return Exited.IsCompleted ? TimeSpan.Zero : _process.TotalProcessorTime;
            }
            catch (InvalidOperationException)
            {
                return TimeSpan.Zero;
            }
        }
    }

    /// <summary>Resident memory in bytes; zero once the process is gone.</summary>
    public long ResidentBytes
    {
        get
        {
            try
            {
                _process.Refresh();
                return Exited.IsCompleted ? 0 : _process.WorkingSet64;
            }
            catch (InvalidOperationException)
            {
                return 0;
            }
        }
    }

    /// <summary>Asks the main process to end, as a container runtime does.</summary>
    public void Terminate() => Signal(UnixSignal.Terminate, wholeGroup: false);

    /// <summary>Ends the process and its descendants at once.</summary>
    public void Kill() => Signal(UnixSignal.Kill, wholeGroup: true);

    /// <summary>Stops the process and its descendants where they are.</summary>
    public void Pause() => Signal(UnixSignal.Stop, wholeGroup: true);

    /// <summary>Lets them run on.</summary>
    public void Resume() => Signal(UnixSignal.Continue, wholeGroup: true);

    private void Signal(int signal, bool wholeGroup)
    {
        if (_gone)
        {
            return;
        }
        if (wholeGroup)
        {
            UnixSignal.Send(-Id, signal);
        }
        // Again to the process itself: between fork and setsid there is no group yet.
        UnixSignal.Send(Id, signal);
    }

    private async Task<int> WaitAsync()
    {
        await _process.WaitForExitAsync().ConfigureAwait(false);
        var code = _process.ExitCode;
        // A container's end is the end of its process namespace.
        UnixSignal.Send(-Id, UnixSignal.Kill);
        _gone = true;
        await Task.WhenAny(_drained.Task, Task.Delay(LongestDrain)).ConfigureAwait(false);
        return code;
    }

    private void Pump(IProcessOutput output)
    {
        var buffer = new byte[16 * 1024];
        var stream = _process.StandardOutput.BaseStream;
        int read;
        while ((read = stream.Read(buffer)) > 0)
        {
            output.Write(buffer.AsSpan(0, read));
        }
        output.Complete();
        _drained.TrySetResult();
    }
}
