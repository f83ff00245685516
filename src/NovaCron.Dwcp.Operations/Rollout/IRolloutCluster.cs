using System.Text.Json.Nodes;
using NovaCron.Dwcp.Operations.Metrics;

namespace NovaCron.Dwcp.Operations.Rollout;

/// <summary>
/// Everything that rollout and rollback do to the outside world, one atomic operation per member: what a process killed between two calls leaves
/// behind is exactly the calls made so far. Implemented over the Kubernetes API, and in memory with faults for the state-machine tests.
/// Every member throws <see cref="RolloutConflictException"/> when an object changed meanwhile, and another exception when it could not be done.
/// </summary>
public interface IRolloutCluster
{
    /// <summary>Namespace of the rollout.</summary>
    string Namespace { get; }

    /// <summary>User name as the API server authenticates it (SelfSubjectReview).</summary>
    Task<string> ReadIdentityAsync(CancellationToken cancellationToken);

    /// <summary>The rollout, or null when there is none.</summary>
    Task<DwcpRollout?> ReadRolloutAsync(CancellationToken cancellationToken);

    /// <summary>Creates the rollout (metadata.resourceVersion absent) or replaces its spec (present, must still be current).</summary>
    Task<DwcpRollout> WriteRolloutAsync(DwcpRollout rollout, CancellationToken cancellationToken);

    /// <summary>Replaces the status; metadata.resourceVersion must still be current.</summary>
    Task<DwcpRollout> WriteRolloutStatusAsync(DwcpRollout rollout, CancellationToken cancellationToken);

    /// <summary>Flag, ceiling and lock, or null when the ConfigMap is absent.</summary>
    Task<RolloutConfiguration?> ReadConfigurationAsync(CancellationToken cancellationToken);

    /// <summary>Patches the ConfigMap in one request; see <see cref="RolloutConfigurationPatch"/>.</summary>
    Task<RolloutConfiguration> PatchConfigurationAsync(RolloutConfigurationPatch patch, CancellationToken cancellationToken);

    /// <summary>The node pods, terminating ones included.</summary>
    Task<IReadOnlyList<RolloutPod>> ListPodsAsync(CancellationToken cancellationToken);

    /// <summary>Deletes the pod at once (grace period 0); succeeds when it is already gone.</summary>
    Task DeletePodAsync(string pod, CancellationToken cancellationToken);

    /// <summary>The last lines of the node container's log.</summary>
    Task<string> ReadPodLogAsync(string pod, bool previous, CancellationToken cancellationToken);

    /// <summary>GET on a pod's own port: directly by pod IP where that is reachable, else through the API server's proxy.</summary>
    Task<PodAnswer> GetFromPodAsync(RolloutPod pod, int port, string path, CancellationToken cancellationToken);

    /// <summary>What Prometheus knows of the node pods.</summary>
    Task<PrometheusReading> ReadPrometheusAsync(Uri address, CancellationToken cancellationToken);

    /// <summary>The node Deployment, or null.</summary>
    Task<RolloutDeployment?> ReadDeploymentAsync(CancellationToken cancellationToken);

    /// <summary>Pods that serve and the room of the autoscaler, or null without a Deployment.</summary>
    Task<RolloutCapacity?> ReadCapacityAsync(CancellationToken cancellationToken);

    /// <summary>Restarts the node Deployment with maxUnavailable 0, marked by <paramref name="mark"/>: the same mark restarts only once.</summary>
    Task<RolloutDeployment> RestartDeploymentAsync(string mark, CancellationToken cancellationToken);

    /// <summary>The node Deployment's pod template, its image named by the digest that runs.</summary>
    Task<JsonObject> ReadNodeTemplateAsync(CancellationToken cancellationToken);

    /// <summary>Replaces the node Deployment's pod template with maxUnavailable 0, marked by <paramref name="mark"/>.</summary>
    Task<RolloutDeployment> DeployNodesAsync(JsonObject template, string mark, CancellationToken cancellationToken);

    Task<IReadOnlyList<DwcpApproval>> ListApprovalsAsync(CancellationToken cancellationToken);

    Task<DwcpApproval> CreateApprovalAsync(DwcpApproval approval, CancellationToken cancellationToken);

    /// <summary>The last validation decision recorded for the namespace, or null.</summary>
    Task<ValidationRecord?> ReadValidationAsync(CancellationToken cancellationToken);

    /// <summary>A named document kept in a ConfigMap, or null.</summary>
    Task<RolloutDocument?> ReadDocumentAsync(string name, CancellationToken cancellationToken);

    /// <summary>Creates (Revision null) or replaces (Revision must be current) a document.</summary>
    Task<RolloutDocument> WriteDocumentAsync(RolloutDocument document, CancellationToken cancellationToken);

    /// <summary>Records an Event on the rollout (or on the ConfigMap when there is no rollout).</summary>
    Task RecordEventAsync(string type, string reason, string message, CancellationToken cancellationToken);

    Task<GuardianLease?> ReadLeaseAsync(CancellationToken cancellationToken);

    /// <summary>Creates (Revision null) or replaces (Revision must be current) the Lease.</summary>
    Task<GuardianLease> WriteLeaseAsync(GuardianLease lease, CancellationToken cancellationToken);
}
