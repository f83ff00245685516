using System.Net;
using NovaCron.Dwcp.Rehearsal.Controllers;
using NovaCron.Dwcp.Rehearsal.Kubelet.Images;
using NovaCron.Dwcp.Rehearsal.Kubelet.Processes;
using NovaCron.Dwcp.Rehearsal.Kubelet.Volumes;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Kubelet;

/// <summary>What every pod of a kubelet shares.</summary>
internal sealed record KubeletServices
{
    public required ClusterStore Store { get; init; }
    public required ProcessLauncher Launcher { get; init; }
    public required ImageCatalog Images { get; init; }
    public required IServiceAccountTokens Tokens { get; init; }
    public required EventRecorder Events { get; init; }
    public required ClusterJournal Journal { get; init; }
    public required Uri ApiServer { get; init; }
    public required IPAddress NodeAddress { get; init; }
    public required string NodeName { get; init; }

    /// <summary>Pods, claims and logs are folders of it.</summary>
    public required string Directory { get; init; }
    public required TimeSpan VolumeLag { get; init; }
    public required TimeSpan CrashBackOff { get; init; }

    public TimeProvider Time => Store.Clock;
    public string ClaimsDirectory => Path.Combine(Directory, "claims");
}
