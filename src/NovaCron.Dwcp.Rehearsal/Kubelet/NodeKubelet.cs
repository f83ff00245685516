using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using NovaCron.Dwcp.Rehearsal.Api;
using NovaCron.Dwcp.Rehearsal.Controllers;
using NovaCron.Dwcp.Rehearsal.Kubelet.Pods;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Kubelet;

/// <summary>The node: runs the pods that are bound to it and answers for their logs.</summary>
internal sealed class NodeKubelet : IPodRuntime, IPodUsage, IAsyncDisposable
{
    private static readonly TimeSpan FollowInterval = TimeSpan.FromMilliseconds(100);

    private readonly KubeletServices _services;
    private readonly PodAddresses _addresses;
    private readonly Action<string> _prepareRoot;
    private readonly ConcurrentDictionary<string, PodWorker> _workers = new();
    private readonly CancellationTokenSource _stopped = new();
    private readonly Task _watching;

    /// <param name="services">What its pods share.</param>
    /// <param name="addresses">Where pods get their addresses.</param>
    /// <param name="prepareRoot">Called with the root of each container before anything runs in it.</param>
    public NodeKubelet(KubeletServices services, PodAddresses addresses, Action<string> prepareRoot)
    {
        _services = services;
        _addresses = addresses;
        _prepareRoot = prepareRoot;
        _watching = WatchAsync();
    }

    /// <summary>The pods on this node.</summary>
    public IEnumerable<PodWorker> Pods => _workers.Values;

    /// <summary>The pod of a name; null when it is not here.</summary>
    public PodWorker? Find(string ns, string name) => _workers.Values.FirstOrDefault(w => w.Namespace == ns && w.Name == name);

    public async IAsyncEnumerable<PodLogLine> ReadLogAsync(
        PodLogRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var container = Find(request.Namespace, request.Pod)?.Containers.FirstOrDefault(c => c.State.Name == request.Container);
        if (container is null || !container.State.HasRun)
        {
            throw ApiStatusException.BadRequest(
                $"container \"{request.Container}\" in pod \"{request.Pod}\" is waiting to start: {WaitingReason(container)}");
        }
        // The restart count belongs to the run that is on or was the last; during a back-off that one is "current".
        var run = container.State.RestartCount - (request.Previous ? 1 : 0);
        var path = container.LogPath(run);
        if (run < 0 || !File.Exists(path))
        {
            throw ApiStatusException.BadRequest($"previous terminated container \"{request.Container}\" in pod \"{request.Pod}\" not found");
        }

        using var reader = new LogFileReader(LogFile.Open(path));
        IEnumerable<PodLogLine> present = Drain(reader).Where(line => request.Since is null || line.Time >= request.Since);
        foreach (var line in request.TailLines is { } tail ? present.TakeLast((int)Math.Min(tail, int.MaxValue)) : present)
        {
            yield return line;
        }
        while (request.Follow)
        {
            var isLast = !container.State.IsRunning || container.State.RestartCount != run;
            foreach (var line in Drain(reader))
            {
                yield return line;
            }
            if (isLast)
            {
                yield break;
            }
            await Task.Delay(FollowInterval, cancellationToken).ConfigureAwait(false);
        }
    }

    public TimeSpan? ProcessorTime(string ns, string pod) => Find(ns, pod) is { } worker && worker.Processes.ToList() is { Count: > 0 } running
        ? running.Aggregate(TimeSpan.Zero, static (sum, process) => sum + process.ProcessorTime) : null;

    public long? ResidentBytes(string ns, string pod) => Find(ns, pod) is { } worker && worker.Processes.ToList() is { Count: > 0 } running
        ? running.Sum(static process => process.ResidentBytes) : null;

    public async ValueTask DisposeAsync()
    {
        await _stopped.CancelAsync().ConfigureAwait(false);
        await _watching.ConfigureAwait(false);
        foreach (var worker in _workers.Values)
        {
            worker.Abort();
        }
        await Task.WhenAll(_workers.Values.Select(static w => w.Completion)).ConfigureAwait(false);
        _stopped.Dispose();
    }

    private static IEnumerable<PodLogLine> Drain(LogFileReader reader)
    {
        while (reader.Next() is { } line)
        {
            yield return line;
        }
    }

    private static string WaitingReason(ContainerRunner? container) =>
        (container?.State.ToStatus().At("state.waiting") as JsonObject)?.Text("reason") ?? "ContainerCreating";

    private async Task WatchAsync()
    {
        try
        {
            await foreach (var change in _services.Store.FollowAsync(ResourceTypes.Pods, _stopped.Token).ConfigureAwait(false))
            {
                var pod = change.Stored!.Document;
                if (change.Type == ClusterEventType.Deleted)
                {
                    Forget(pod.Uid());
                }
                else if ((pod["spec"] as JsonObject)?.Text("nodeName") == _services.NodeName)
                {
                    var worker = _workers.GetOrAdd(pod.Uid(), _ => Take(change.Object));
                    worker.Observe(pod);
                }
            }
        }
        catch (OperationCanceledException) when (_stopped.IsCancellationRequested)
        {
            // The node stops.
        }
    }

    private PodWorker Take(JsonObject pod)
    {
        var worker = new PodWorker(_services, pod, _addresses.Take(), _prepareRoot);
        _ = worker.Completion.ContinueWith(
            failed => _services.Journal.Write("kubelet", $"{worker.Namespace}/{worker.Name}: {failed.Exception}"),
            CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        return worker;
    }

    // Not before its deletion was seen: changes that are still on their way must not bring a pod back to life.
    private void Forget(string uid)
    {
        if (!_workers.TryGetValue(uid, out var worker))
        {
            return;
        }
        worker.Abandon();
        _ = worker.Completion.ContinueWith(
            _ =>
            {
                _workers.TryRemove(uid, out var _);
                _addresses.Return(worker.Address);
            },
            CancellationToken.None, TaskContinuationOptions.OnlyOnRanToCompletion, TaskScheduler.Default);
    }
}
