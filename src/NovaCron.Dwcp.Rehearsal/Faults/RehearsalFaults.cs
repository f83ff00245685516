using NovaCron.Dwcp.Rehearsal.Api;
using NovaCron.Dwcp.Rehearsal.Cluster;
using NovaCron.Dwcp.Rehearsal.Kubelet;
using NovaCron.Dwcp.Rehearsal.Kubelet.Pods;
using NovaCron.Dwcp.Rehearsal.Network;

namespace NovaCron.Dwcp.Rehearsal.Faults;

/// <summary>Breaks parts of a running rehearsal cluster on purpose, and mends them again.</summary>
public sealed class RehearsalFaults
{
    private readonly NodeKubelet _kubelet;
    private readonly ServiceProxy _proxy;
    private readonly ApiServer _api;
    private readonly FaultFile _file;

    internal RehearsalFaults(NodeKubelet kubelet, ServiceProxy proxy, ApiServer api, FaultFile file) =>
        (_kubelet, _proxy, _api, _file) = (kubelet, proxy, api, file);

    /// <summary>Ends the processes of a pod with SIGKILL, as an out-of-memory kill or a lost machine does. The pod's restart policy applies.</summary>
    /// <exception cref="Cluster.RehearsalException">No such pod runs.</exception>
    public Task KillPodAsync(string @namespace, string pod, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        foreach (var process in Running(@namespace, pod).Processes)
        {
            process.Kill();
        }
        return Task.CompletedTask;
    }

    /// <summary>Stops the processes of a pod (SIGSTOP): it keeps its connections and answers nothing, until <see cref="ResumePodAsync"/>.</summary>
    public Task PausePodAsync(string @namespace, string pod, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        foreach (var process in Running(@namespace, pod).Processes)
        {
            process.Pause();
        }
        return Task.CompletedTask;
    }

    /// <summary>Lets a paused pod run on (SIGCONT).</summary>
    public Task ResumePodAsync(string @namespace, string pod, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        foreach (var process in Running(@namespace, pod).Processes)
        {
            process.Resume();
        }
        return Task.CompletedTask;
    }

    /// <summary>Makes a protocol version fail or slow in every node pod, present and future. <see cref="ProtocolFault.None"/> mends it.</summary>
    /// <param name="version"><c>v1</c> or <c>v3</c>.</param>
    /// <param name="fault">What goes wrong.</param>
    /// <param name="cancellationToken">Ends the call early.</param>
    public Task SetProtocolFaultAsync(string version, ProtocolFault fault, CancellationToken cancellationToken = default)
    {
        if (version is not ("v1" or "v3"))
        {
            throw new RehearsalException($"There is no protocol version '{version}': use v1 or v3.");
        }
        if (fault.FailShare is not (>= 0 and <= 1) || fault.Delay < TimeSpan.Zero)
        {
            throw new RehearsalException($"A fault fails a share of requests from 0 to 1 and delays them by no less than nothing, not {fault}.");
        }
        cancellationToken.ThrowIfCancellationRequested();
        _file.Set(version, fault);
        WriteEverywhere();
        return Task.CompletedTask;
    }

    /// <summary>Makes the metrics of every node pod stand still, present and future, or move again.</summary>
    public Task FreezeMetricsAsync(bool frozen, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _file.SetMetricsFrozen(frozen);
        WriteEverywhere();
        return Task.CompletedTask;
    }

    /// <summary>Makes a Service refuse connections and cuts those that are open (for example Redis: <c>dwcp-v3-redis</c>).</summary>
    public Task CutServiceAsync(string @namespace, string service, CancellationToken cancellationToken = default)
        => _proxy.CutAsync(@namespace, service).WaitAsync(cancellationToken);

    /// <summary>Lets a cut Service accept connections again.</summary>
    public Task RestoreServiceAsync(string @namespace, string service, CancellationToken cancellationToken = default)
        => _proxy.RestoreAsync(@namespace, service).WaitAsync(cancellationToken);

    /// <summary>Breaks the API server; null mends it.</summary>
    public void SetApiServerFault(ApiServerFault? fault) => _api.Fault = fault;

    /// <summary>Mends everything that was broken through this object.</summary>
    public Task ClearAsync(CancellationToken cancellationToken = default)
    {
        _api.Fault = null;
        _file.Clear();
        WriteEverywhere();
        foreach (var process in _kubelet.Pods.SelectMany(static pod => pod.Processes))
        {
            process.Resume();
        }
        return _proxy.RestoreAllAsync().WaitAsync(cancellationToken);
    }

    private PodWorker Running(string ns, string pod) => _kubelet.Find(ns, pod) is { } worker && worker.Processes.Any()
        ? worker : throw new RehearsalException($"No pod '{pod}' runs in namespace '{ns}'. See: kubectl get pods -n {ns}");

    private void WriteEverywhere()
    {
        foreach (var container in _kubelet.Pods.SelectMany(static pod => pod.Containers))
        {
            _file.Write(container.Root);
        }
    }
}
