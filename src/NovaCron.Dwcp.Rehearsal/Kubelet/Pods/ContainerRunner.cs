using System.ComponentModel;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using NovaCron.Dwcp.Rehearsal.Kubelet.Images;
using NovaCron.Dwcp.Rehearsal.Kubelet.Probes;
using NovaCron.Dwcp.Rehearsal.Kubelet.Processes;
using NovaCron.Dwcp.Rehearsal.Kubelet.Volumes;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Kubelet.Pods;

/// <summary>One container of a pod, from the pull of its image through all its runs to its end.</summary>
internal sealed class ContainerRunner
{
    // A container that is not ready to be created is looked at again this often; a kubelet does on its next sync.
    private static readonly TimeSpan ConfigRetry = TimeSpan.FromSeconds(1);

    // What is left for SIGTERM when the preStop hook used up the grace period; as in the kubelet.
    private static readonly TimeSpan LeastGrace = TimeSpan.FromSeconds(2);

    private readonly KubeletServices _services;
    private readonly JsonObject _pod;
    private readonly JsonObject _container;
    private readonly ContainerContext _context;
    private readonly PodVolumes _volumes;
    private readonly PodTermination _termination;
    private readonly Lock _podGate;
    private readonly Action _changed;
    private readonly string _fieldPath;
    private readonly string _restartPolicy;
    private readonly string _image;
    private readonly string _logs;
    private ContainerImage? _program;
    private Dictionary<string, string> _variables = [];

    public ContainerRunner(
        KubeletServices services, JsonObject pod, JsonObject container, bool isInit, ContainerContext context, string logs,
        PodVolumes volumes, PodTermination termination, Lock podGate, Action changed)
    {
        _services = services;
        _pod = pod;
        _container = container;
        _context = context;
        _logs = logs;
        _volumes = volumes;
        _termination = termination;
        _podGate = podGate;
        _changed = changed;
        _image = container.Text("image") ?? "";
        _fieldPath = $"spec.{(isInit ? "initContainers" : "containers")}{{{container.Text("name")}}}";
        var policy = (pod["spec"] as JsonObject)?.Text("restartPolicy") ?? "Always";
        _restartPolicy = isInit && policy == "Always" ? "OnFailure" : policy;
        State = new(container, ImageReference.Parse(_image)?.FullName ?? _image);
    }

    public ContainerState State { get; }

    /// <summary>The directory that stands for the container's <c>/</c>.</summary>
    public string Root => _context.Root;

    /// <summary>The running process; null between runs.</summary>
    public ContainerProcess? Process { get; private set; }

    /// <summary>The log file of a run.</summary>
    /// <param name="run">The restart count during that run.</param>
    public string LogPath(int run) => Path.Combine(_logs, run.ToString(CultureInfo.InvariantCulture) + ".log");

    /// <summary>Brings what an image's adapter derived from mounted files up to date.</summary>
    public void MountsChanged() => _program?.MountsChanged(_context);

    /// <summary>Runs the container until its restart policy or the pod's end says that it is over.</summary>
    public async Task RunAsync()
    {
        var backOff = new RestartBackOff(_services.CrashBackOff);
        try
        {
            while (true)
            {
                _program = await PullAsync().ConfigureAwait(false);
                var started = _services.Time.GetUtcNow();
                var exitCode = await RunOnceAsync(_program).ConfigureAwait(false);
                if (_termination.Requested.IsCancellationRequested || _restartPolicy == "Never" || (_restartPolicy == "OnFailure" && exitCode == 0))
                {
                    return;
                }
                await BackOffAsync(backOff.Next(started, _services.Time.GetUtcNow())).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (_termination.Requested.IsCancellationRequested)
        {
            // The pod ends before the next run.
        }
    }

    private async Task BackOffAsync(TimeSpan delay)
    {
        if (delay == TimeSpan.Zero)
        {
            return;
        }
        var who = $"container={State.Name} pod={_pod.Name()}_{_pod.Namespace()}({_pod.Uid()})";
        Warning("BackOff", $"Back-off restarting failed container {State.Name} in pod {_pod.Name()}_{_pod.Namespace()}({_pod.Uid()})");
        Change(state => state.Wait("CrashLoopBackOff", $"back-off {RestartBackOff.Format(delay)} restarting failed {who}"));
        await Task.Delay(delay, _services.Time, _termination.Requested).ConfigureAwait(false);
    }

    private async Task<ContainerImage> PullAsync()
    {
        var backOff = new RestartBackOff(_services.CrashBackOff);
        while (true)
        {
            var reference = ImageReference.Parse(_image);
            if (reference is null)
            {
                var invalid = $"Failed to apply default image tag \"{_image}\": couldn't parse image name \"{_image}\": invalid reference format";
                Change(state => state.Wait("InvalidImageName", invalid));
                Warning("InspectFailed", invalid);
                await Task.Delay(Timeout.InfiniteTimeSpan, _services.Time, _termination.Requested).ConfigureAwait(false);
            }
            else if (_services.Images.Find(reference) is { } program)
            {
                Change(state => state.ImageId = $"{reference.FullRepository}@{program.Digest}");
                Normal("Pulled", $"Container image \"{_image}\" already present on machine");
                return program;
            }
            else
            {
                var why = $"failed to pull and unpack image \"{reference.FullName}\": failed to resolve reference \"{reference.FullName}\": "
                    + $"{reference.FullName}: not found";
                Normal("Pulling", $"Pulling image \"{_image}\"");
                Warning("Failed", $"Failed to pull image \"{_image}\": {why}");
                Warning("Failed", "Error: ErrImagePull");
                Change(state => state.Wait("ErrImagePull", why));
                var now = _services.Time.GetUtcNow();
                var delay = backOff.Next(now, now);
                if (delay == TimeSpan.Zero)
                {
                    delay = backOff.Next(now, now);
                }
                // Seen as ErrImagePull for a moment, then as waiting for the next try.
                await Task.Delay(delay / 10, _services.Time, _termination.Requested).ConfigureAwait(false);
                Normal("BackOff", $"Back-off pulling image \"{_image}\"");
                Warning("Failed", "Error: ImagePullBackOff");
                Change(state => state.Wait("ImagePullBackOff", $"Back-off pulling image \"{_image}\": ErrImagePull: {why}"));
                await Task.Delay(delay, _services.Time, _termination.Requested).ConfigureAwait(false);
            }
        }
    }

    private async Task<int> RunOnceAsync(ContainerImage program)
    {
        var specification = await PrepareAsync(program).ConfigureAwait(false);
        var run = State.HasRun ? State.RestartCount + 1 : 0;
        var log = new ContainerLog(LogPath(run), _services.Time);
        File.Delete(LogPath(run - 2));
        Normal("Created", $"Created container: {State.Name}");
        var started = _services.Time.GetUtcNow();
        ContainerProcess process;
        try
        {
            process = await _services.Launcher.StartAsync(specification, log).ConfigureAwait(false);
        }
        catch (Exception error) when (error is Win32Exception or IOException or UnauthorizedAccessException)
        {
            log.Complete();
            var why = $"failed to create containerd task: failed to create shim task: OCI runtime create failed: {error.Message}";
            Warning("Failed", $"Error: {why}");
            Change(state =>
            {
                state.Run("process://none", started);
                state.Terminate(128, "StartError", why, started, started);
            });
            return 128;
        }

        Process = process;
        Change(state => state.Run($"process://{Guid.NewGuid():n}", started));
        Normal("Started", $"Started container {State.Name}");
        var exitCode = await SuperviseAsync(process).ConfigureAwait(false);
        Process = null;
        Change(state => state.Terminate(exitCode, exitCode == 0 ? "Completed" : "Error", TerminationMessage(exitCode, run), started,
            _services.Time.GetUtcNow()));
        return exitCode;
    }

    private async Task<ProcessSpecification> PrepareAsync(ContainerImage program)
    {
        while (true)
        {
            try
            {
                foreach (var folder in (string[])["/tmp", "/run", "/dev"])
                {
                    Directory.CreateDirectory(_context.Resolve(folder));
                }
                _volumes.Mount(_container, _context.Root);
                program.MountsChanged(_context);
                _variables = ContainerEnvironment.Build(_services.Store, _pod, _container, program, _context, _services.NodeAddress.ToString());
                return Specification(program, [.. _container["command"].Texts()], [.. _container["args"].Texts()]);
            }
            catch (ContainerConfigException error)
            {
                Change(state => state.Wait("CreateContainerConfigError", error.Message));
                Warning("Failed", $"Error: {error.Message}");
                await Task.Delay(ConfigRetry, _services.Time, _termination.Requested).ConfigureAwait(false);
            }
        }
    }

    private ProcessSpecification Specification(ContainerImage program, IReadOnlyList<string> command, IReadOnlyList<string> arguments)
    {
        var line = program.CommandLine(_context, [.. command.Select(Expand)], [.. arguments.Select(Expand)]);
        var folder = _container.Text("workingDir") is { Length: > 0 } own ? _context.Resolve(own) : _context.Root;
        Directory.CreateDirectory(folder);
        return new(line[0], [.. line.Skip(1)], _variables, folder);

        string Expand(string text) => VariableExpansion.Expand(text, _variables);
    }

    private async Task<int> SuperviseAsync(ContainerProcess process)
    {
        var actions = new ContainerActions(_container, _context.PodAddress,
            (command, output) => _services.Launcher.StartAsync(Specification(_program!, command, []), output));
        var unhealthy = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var untilExit = new CancellationTokenSource();
        using var untilStop = CancellationTokenSource.CreateLinkedTokenSource(untilExit.Token, _termination.Requested);
        var probing = ProbeAsync(actions, unhealthy, untilStop.Token, untilExit.Token);
        var stopRequested = Task.Delay(Timeout.InfiniteTimeSpan, untilStop.Token);
        await Task.WhenAny(process.Exited, unhealthy.Task, stopRequested).ConfigureAwait(false);
        if (!process.Exited.IsCompleted)
        {
            if (_termination.Requested.IsCancellationRequested)
            {
                Normal("Killing", $"Stopping container {State.Name}");
                await StopAsync(process, actions, _termination.Expired).ConfigureAwait(false);
            }
            else
            {
                Normal("Killing", $"Container {State.Name} {await unhealthy.Task.ConfigureAwait(false)}, will be restarted");
                await untilStop.CancelAsync().ConfigureAwait(false);
                var grace = _container.At("livenessProbe.terminationGracePeriodSeconds") ?? _pod.At("spec.terminationGracePeriodSeconds");
                using var expired = CancellationTokenSource.CreateLinkedTokenSource(_termination.Expired);
                expired.CancelAfter(TimeSpan.FromSeconds((grace as JsonValue).AsInteger() ?? 30));
                await StopAsync(process, actions, expired.Token).ConfigureAwait(false);
            }
        }
        var exitCode = await process.Exited.ConfigureAwait(false);
        await untilExit.CancelAsync().ConfigureAwait(false);
        await probing.ConfigureAwait(false);
        return exitCode;
    }

    private async Task StopAsync(ContainerProcess process, ContainerActions actions, CancellationToken expired)
    {
        if (_container.At("lifecycle.preStop") is JsonObject hook)
        {
            using var ended = CancellationTokenSource.CreateLinkedTokenSource(expired);
            var running = actions.RunAsync(hook, Timeout.InfiniteTimeSpan, _services.Time, ended.Token);
            await Task.WhenAny(running, process.Exited).ConfigureAwait(false);
            await ended.CancelAsync().ConfigureAwait(false);
            try
            {
                var result = await running.ConfigureAwait(false);
                if (!result.Succeeded && !process.Exited.IsCompleted)
                {
                    Warning("FailedPreStopHook", $"PreStopHook failed: {result.Detail}");
                }
            }
            catch (OperationCanceledException)
            {
                // The container or its grace period ended first.
            }
        }
        process.Terminate();
        try
        {
            await process.Exited.WaitAsync(expired).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            if (_container.At("lifecycle.preStop") is not null)
            {
                await Task.WhenAny(process.Exited, Task.Delay(LeastGrace, _services.Time, CancellationToken.None)).ConfigureAwait(false);
            }
            process.Kill();
        }
    }

    // Startup gates the other two; readiness goes on while the container stops, the others do not.
    private async Task ProbeAsync(
        ContainerActions actions, TaskCompletionSource<string> unhealthy, CancellationToken untilStop, CancellationToken untilExit)
    {
        try
        {
            if (_container["startupProbe"] is JsonObject startup)
            {
                var succeeded = false;
                await new Prober(startup, actions, _services.Time).RunAsync(
                    ok =>
                    {
                        succeeded = ok;
                        return false;
                    },
                    Unhealthy("Startup"), untilStop).ConfigureAwait(false);
                if (!succeeded)
                {
                    unhealthy.TrySetResult("failed startup probe");
                    return;
                }
            }
            var readiness = _container["readinessProbe"] as JsonObject;
            Change(state =>
            {
                state.Started = true;
                state.Ready = readiness is null;
            });
            await Task.WhenAll(
                readiness is null ? Task.CompletedTask : ProbeReadinessAsync(readiness, actions, untilExit),
                _container["livenessProbe"] is JsonObject liveness ? ProbeLivenessAsync(liveness, actions, unhealthy, untilStop) : Task.CompletedTask)
                .ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (untilStop.IsCancellationRequested || untilExit.IsCancellationRequested)
        {
            // This run of the container is over. (Both are asked: the one linked to the other is cancelled a moment later.)
        }
    }

    private Task ProbeReadinessAsync(JsonObject probe, ContainerActions actions, CancellationToken untilExit) =>
        new Prober(probe, actions, _services.Time).RunAsync(
            ready =>
            {
                if (State.Ready != ready)
                {
                    Change(state => state.Ready = ready);
                }
                return true;
            },
            Unhealthy("Readiness"), untilExit);

    private Task ProbeLivenessAsync(JsonObject probe, ContainerActions actions, TaskCompletionSource<string> unhealthy, CancellationToken untilStop) =>
        new Prober(probe, actions, _services.Time).RunAsync(
            alive =>
            {
                if (!alive)
                {
                    unhealthy.TrySetResult("failed liveness probe");
                }
                return alive;
            },
            Unhealthy("Liveness"), untilStop);

    private Action<string> Unhealthy(string kind) => detail => Warning("Unhealthy", $"{kind} probe failed: {detail}");

    private string? TerminationMessage(int exitCode, int run)
    {
        var path = _context.Resolve(_container.Text("terminationMessagePath") ?? "/dev/termination-log");
        if (File.Exists(path) && File.ReadAllText(path) is { Length: > 0 } message)
        {
            File.Delete(path);
            return message[..Math.Min(message.Length, 4096)];
        }
        if (exitCode == 0 || _container.Text("terminationMessagePolicy") != "FallbackToLogsOnError")
        {
            return null;
        }
        var tail = new StringBuilder();
        foreach (var line in LogFile.Read(LogPath(run)).TakeLast(80))
        {
            tail.Append(line.Text).Append('\n');
        }
        return tail.Length > 2048 ? tail.ToString(tail.Length - 2048, 2048) : tail.ToString();
    }

    private void Change(Action<ContainerState> change)
    {
        lock (_podGate)
        {
            change(State);
        }
        _changed();
    }

    private void Normal(string reason, string message) => _services.Events.Normal(_pod, reason, message, _fieldPath);

    private void Warning(string reason, string message) => _services.Events.Warning(_pod, reason, message, _fieldPath);
}
