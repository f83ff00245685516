using System.Net;
using System.Text.Json.Nodes;
using NovaCron.Dwcp.Rehearsal.Kubelet.Images;
using NovaCron.Dwcp.Rehearsal.Kubelet.Processes;
using NovaCron.Dwcp.Rehearsal.Kubelet.Volumes;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Kubelet.Pods;

/// <summary>The life of one pod on this node: its directory, volumes, containers and status, until its processes and its object are gone.</summary>
internal sealed class PodWorker
{
    private static readonly TimeSpan MountRetry = TimeSpan.FromSeconds(1);

    // What a pod gets whose object was removed from under it.
    private static readonly TimeSpan OrphanGrace = TimeSpan.FromSeconds(1);

    private readonly KubeletServices _services;
    private readonly JsonObject _pod;
    private readonly PodVolumes _volumes;
    private readonly PodTermination _termination;
    private readonly SemaphoreSlim _changed = new(0);
    private readonly Lock _gate = new();
    private readonly List<ContainerRunner> _init;
    private readonly List<ContainerRunner> _main;
    private readonly DateTimeOffset _started;

    /// <param name="services">What the kubelet's pods share.</param>
    /// <param name="pod">The pod as it was bound to this node.</param>
    /// <param name="address">Its own address.</param>
    /// <param name="prepareRoot">Called with the root of each container before anything runs in it.</param>
    public PodWorker(KubeletServices services, JsonObject pod, IPAddress address, Action<string> prepareRoot)
    {
        _services = services;
        _pod = pod;
        Address = address;
        _started = services.Time.GetUtcNow();
        _termination = new PodTermination(services.Time);
        PodDirectory = Path.Combine(services.Directory, "pods", pod.Uid());
        _volumes = new PodVolumes(services.Store, services.Tokens, pod, PodDirectory, services.ClaimsDirectory);
        _init = [.. pod.At("spec.initContainers").Objects().Select(c => Runner(c, isInit: true))];
        _main = [.. pod.At("spec.containers").Objects().Select(c => Runner(c, isInit: false))];
        foreach (var runner in Containers)
        {
            Directory.CreateDirectory(Path.Combine(runner.Root, "run"));
            prepareRoot(runner.Root);
        }
        Completion = RunAsync();
    }

    public string Namespace => _pod.Namespace();

    public string Name => _pod.Name();

    public string Uid => _pod.Uid();

    public IPAddress Address { get; }

    public string PodDirectory { get; }

    public IEnumerable<ContainerRunner> Containers => _init.Concat(_main);

    /// <summary>The processes that run now.</summary>
    public IEnumerable<ContainerProcess> Processes => Containers.Select(static c => c.Process).OfType<ContainerProcess>();

    /// <summary>Ends when the processes are gone and the pod's object and directory with them.</summary>
    public Task Completion { get; }

    /// <summary>Takes note of a change of the pod's object: the only one that concerns a running pod is its deletion.</summary>
    public void Observe(JsonObject pod)
    {
        if (pod.IsDeleting())
        {
            _termination.Begin(TimeSpan.FromSeconds(pod.Metadata().Integer("deletionGracePeriodSeconds") ?? 30));
        }
    }

    /// <summary>The pod's object is gone: its processes follow at once.</summary>
    public void Abandon() => _termination.Begin(OrphanGrace);

    /// <summary>The node stops: no grace for anybody.</summary>
    public void Abort()
    {
        _termination.Begin(TimeSpan.Zero);
        foreach (var process in Processes)
        {
            process.Kill();
        }
    }

    private ContainerRunner Runner(JsonObject container, bool isInit)
    {
        var name = container.Text("name") ?? "";
        var context = new ContainerContext(Path.Combine(PodDirectory, "containers", name), Address, _services.ApiServer);
        return new(_services, _pod, container, isInit, context, Path.Combine(PodDirectory, "logs", name), _volumes, _termination, _gate,
            () => _changed.Release());
    }

    private async Task RunAsync()
    {
        await Task.Yield();
        using var over = new CancellationTokenSource();
        var publishing = PublishAsync(over.Token);
        try
        {
            await SetUpVolumesAsync().ConfigureAwait(false);
            if (await InitialiseAsync().ConfigureAwait(false))
            {
                var refreshing = RefreshVolumesAsync();
                await Task.WhenAll(_main.Select(static c => c.RunAsync())).ConfigureAwait(false);
                await refreshing.ConfigureAwait(false);
            }
            // A pod that ended by itself keeps its status and logs until somebody deletes it.
            await Task.Delay(Timeout.InfiniteTimeSpan, _termination.Requested).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_termination.Requested.IsCancellationRequested)
        {
            // Deleted.
        }
        await over.CancelAsync().ConfigureAwait(false);
        await publishing.ConfigureAwait(false);
        Remove();
        _services.Events.Forget(Uid);
        _termination.Dispose();
        RemoveDirectory();
    }

    private void RemoveDirectory()
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                Directory.Delete(PodDirectory, recursive: true);
                return;
            }
            catch (DirectoryNotFoundException)
            {
                return;
            }
            catch (IOException) when (attempt < 5)
            {
                // Something was just written below it, such as a fault's file.
            }
        }
    }

    private async Task SetUpVolumesAsync()
    {
        _changed.Release();
        while (true)
        {
            try
            {
                _volumes.Refresh(Address.ToString(), _services.NodeAddress.ToString());
                return;
            }
            catch (ContainerConfigException error)
            {
                _services.Events.Warning(_pod, "FailedMount", error.Message);
                await Task.Delay(MountRetry, _services.Time, _termination.Requested).ConfigureAwait(false);
            }
        }
    }

    private async Task<bool> InitialiseAsync()
    {
        foreach (var container in _init)
        {
            await container.RunAsync().ConfigureAwait(false);
            if (container.State.ExitCode != 0)
            {
                return false;
            }
        }
        return !_termination.Requested.IsCancellationRequested;
    }

    private async Task RefreshVolumesAsync()
    {
        using var timer = new PeriodicTimer(_services.VolumeLag, _services.Time);
        try
        {
            while (await timer.WaitForNextTickAsync(_termination.Requested).ConfigureAwait(false))
            {
                try
                {
                    _volumes.Refresh(Address.ToString(), _services.NodeAddress.ToString());
                    foreach (var container in _main)
                    {
                        container.MountsChanged();
                    }
                }
                catch (ContainerConfigException error)
                {
                    // The files stay as they were, and somebody deleted what they come from.
                    _services.Events.Warning(_pod, "FailedMount", error.Message);
                }
            }
        }
        catch (OperationCanceledException) when (_termination.Requested.IsCancellationRequested)
        {
            // A pod that ends keeps the files that it has.
        }
    }

    private async Task PublishAsync(CancellationToken over)
    {
        try
        {
            while (true)
            {
                await _changed.WaitAsync(over).ConfigureAwait(false);
                while (_changed.Wait(0, CancellationToken.None))
                {
                    // Several changes, one status.
                }
                Publish();
            }
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested)
        {
            Publish();
        }
    }

    private void Publish() => _services.Store.Modify(ResourceTypes.Pods, Namespace, Name, pod =>
    {
        if (pod.Uid() != Uid)
        {
            return false;
        }
        JsonObject status;
        lock (_gate)
        {
            status = PodStatus.Compute(pod, [.. _init.Select(static c => c.State)], [.. _main.Select(static c => c.State)], Address.ToString(),
                _services.NodeAddress.ToString(), _started, _services.Time.GetUtcNow());
        }
        if (JsonNode.DeepEquals(pod["status"], status))
        {
            return false;
        }
        pod["status"] = status;
        return true;
    }, status: true);

    private void Remove()
    {
        try
        {
            _services.Store.Delete(ResourceTypes.Pods, Namespace, Name, new DeleteRequest { GracePeriodSeconds = 0, Uid = Uid });
        }
        catch (ApiStatusException error) when (error.Reason is "NotFound" or "Conflict")
        {
            // Removed by force, and perhaps another pod of that name took its place.
        }
    }
}
