using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics;
using NovaCron.Dwcp.Rehearsal.Cluster;

namespace NovaCron.Dwcp.Rehearsal.Kubelet.Processes;

/// <summary>
/// Starts processes that cannot outlive this one. Each is the leader of its own session (Ctrl+C in the terminal does not reach it, and
/// its descendants can be signalled as a group) and asks the kernel for SIGKILL when its parent dies.
/// </summary>
/// <remarks>
/// Linux sends the parent-death signal when the <em>thread</em> that forked ends, not the process. Everything is therefore started on one
/// thread that lives as long as the launcher; a pool thread that retires would take its pods with it.
/// </remarks>
internal sealed class ProcessLauncher : IDisposable
{
    private readonly BlockingCollection<Action> _starts = [];
    private readonly Thread _thread;
    private readonly string _setsid;
    private readonly string _setpriv;

    /// <exception cref="RehearsalException">This machine lacks what pods need.</exception>
    public ProcessLauncher()
    {
        if (!OperatingSystem.IsLinux())
        {
            throw new RehearsalException(
                "A rehearsal cluster runs pods as processes on their own loopback addresses, which needs Linux. Use Linux, WSL 2 or a container.");
        }
        _setsid = Require("setsid");
        _setpriv = Require("setpriv");
        _thread = new Thread(StartUntilDisposed) { IsBackground = true, Name = "rehearsal process launcher" };
        _thread.Start();
    }

    /// <summary>Starts a process. Standard output and error arrive together in <paramref name="output"/>; standard input is empty.</summary>
    /// <exception cref="Win32Exception">The executable cannot be started.</exception>
    public Task<ContainerProcess> StartAsync(ProcessSpecification specification, IProcessOutput output)
    {
        var started = new TaskCompletionSource<ContainerProcess>(TaskCreationOptions.RunContinuationsAsynchronously);
        _starts.Add(() =>
        {
            try
            {
                started.SetResult(Start(specification, output));
            }
            catch (Exception error) when (error is Win32Exception or IOException or UnauthorizedAccessException)
            {
                started.SetException(error);
            }
        });
        return started.Task;
    }

    /// <summary>The absolute path of an executable: as given when it has a folder, else the first on PATH; null when there is none.</summary>
    public static string? Find(string name)
    {
        if (name.Contains('/'))
        {
            return IsExecutable(name) ? Path.GetFullPath(name) : null;
        }
        // Debian keeps some daemons in sbin, which an ordinary user's PATH leaves out.
        var path = (Environment.GetEnvironmentVariable("PATH") ?? "") + ":/usr/local/sbin:/usr/sbin:/sbin";
        return path.Split(':', StringSplitOptions.RemoveEmptyEntries).Select(folder => Path.Combine(folder, name)).FirstOrDefault(IsExecutable);
    }

    public void Dispose()
    {
        _starts.CompleteAdding();
        _thread.Join();
        _starts.Dispose();
    }

    private static bool IsExecutable(string path) => File.Exists(path) && (File.GetUnixFileMode(path)
        & (UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute)) != 0;

    private static string Require(string program) => Find(program) ?? throw new RehearsalException(
        $"A rehearsal cluster needs '{program}' so that no pod outlives it. Install util-linux.");

    private void StartUntilDisposed()
    {
        foreach (var start in _starts.GetConsumingEnumerable())
        {
            start();
        }
    }

    private ContainerProcess Start(ProcessSpecification specification, IProcessOutput output)
    {
        // Reported here, because a failure behind setsid would only be an exit code.
        if (!IsExecutable(specification.FileName))
        {
            throw new Win32Exception(File.Exists(specification.FileName) ? 13 : 2,
                $"exec: \"{specification.FileName}\": {(File.Exists(specification.FileName) ? "permission denied" : "no such file or directory")}");
        }
        var info = new ProcessStartInfo(_setsid)
        {
            RedirectStandardOutput = true,
            UseShellExecute = false,
            WorkingDirectory = specification.WorkingDirectory,
        };
        info.ArgumentList.Add(_setpriv);
        info.ArgumentList.Add("--pdeathsig");
        info.ArgumentList.Add("KILL");
        info.ArgumentList.Add("/bin/sh");
        info.ArgumentList.Add("-c");
        info.ArgumentList.Add("exec \"$@\" 2>&1 </dev/null");
        info.ArgumentList.Add("sh");
        info.ArgumentList.Add(specification.FileName);
        foreach (var argument in specification.Arguments)
        {
            info.ArgumentList.Add(argument);
        }
        info.Environment.Clear();
        foreach (var (name, value) in specification.Environment)
        {
            info.Environment[name] = value;
        }
        var process = new Process { StartInfo = info };
        process.Start();
        return new ContainerProcess(process, output);
    }
}
