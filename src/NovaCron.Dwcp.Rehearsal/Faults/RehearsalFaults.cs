namespace NovaCron.Dwcp.Rehearsal.Faults;

/// <summary>Breaks parts of a running rehearsal cluster on purpose, and mends them again.</summary>
public sealed class RehearsalFaults
{
    internal RehearsalFaults()
    {
    }

    /// <summary>Ends the processes of a pod with SIGKILL, as an out-of-memory kill or a lost machine does. The pod's restart policy applies.</summary>
    /// <exception cref="Cluster.RehearsalException">No such pod runs.</exception>
    public Task KillPodAsync(string @namespace, string pod, CancellationToken cancellationToken = default)
        => throw new NotImplementedException();

    /// <summary>Stops the processes of a pod (SIGSTOP): it keeps its connections and answers nothing, until <see cref="ResumePodAsync"/>.</summary>
    public Task PausePodAsync(string @namespace, string pod, CancellationToken cancellationToken = default)
        => throw new NotImplementedException();

    /// <summary>Lets a paused pod run on (SIGCONT).</summary>
    public Task ResumePodAsync(string @namespace, string pod, CancellationToken cancellationToken = default)
        => throw new NotImplementedException();

    /// <summary>Makes a protocol version fail or slow in every node pod, present and future. <see cref="ProtocolFault.None"/> mends it.</summary>
    /// <param name="version"><c>v1</c> or <c>v3</c>.</param>
    /// <param name="fault">What goes wrong.</param>
    /// <param name="cancellationToken">Ends the call early.</param>
    public Task SetProtocolFaultAsync(string version, ProtocolFault fault, CancellationToken cancellationToken = default)
        => throw new NotImplementedException();

    /// <summary>Makes the metrics of every node pod stand still, present and future, or move again.</summary>
    public Task FreezeMetricsAsync(bool frozen, CancellationToken cancellationToken = default)
        => throw new NotImplementedException();

    /// <summary>Makes a Service refuse connections and cuts those that are open (for example Redis: <c>dwcp-v3-redis</c>).</summary>
    public Task CutServiceAsync(string @namespace, string service, CancellationToken cancellationToken = default)
        => throw new NotImplementedException();

    /// <summary>Lets a cut Service accept connections again.</summary>
    public Task RestoreServiceAsync(string @namespace, string service, CancellationToken cancellationToken = default)
        => throw new NotImplementedException();

    /// <summary>Breaks the API server; null mends it.</summary>
    public void SetApiServerFault(ApiServerFault? fault) => throw new NotImplementedException();

    /// <summary>Mends everything that was broken through this object.</summary>
    public Task ClearAsync(CancellationToken cancellationToken = default) => throw new NotImplementedException();
}
