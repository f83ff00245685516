namespace NovaCron.Dwcp.Operations.Rollout;

/// <summary>The names that rollout, nodes, manifests and people share. Changing one breaks running clusters.</summary>
public static class RolloutNames
{
    public const string Group = "dwcp.novacron.io";
    public const string Rollout = "dwcp-v3";
    public const string ConfigMap = "dwcp-v3-config";
    public const string FlagKey = "FEATURE_FLAG_V3_ROLLOUT";
    public const string CeilingKey = "FEATURE_FLAG_V3_CEILING";

    /// <summary>Switches v1 off ("disabled"); absent: on. Nodes heed it only while flag and ceiling are 100.</summary>
    public const string V1Key = "DWCP_V1";
    public const string Lease = "dwcp-v3-guardian";
    public const string NodeDeployment = "dwcp-v3";
    public const string NodePodSelector = "app=dwcp-v3";

    /// <summary>The container of a node pod that is dwcpd itself.</summary>
    public const string NodeContainer = "node";

    /// <summary>ConfigMap in which the guardian keeps its evidence and each pod's last counters, so that a restart forgets nothing.</summary>
    public const string EvidenceConfigMap = "dwcp-v3-rollout-evidence";

    /// <summary>ConfigMap in which the guardian notes how far the notifications of every channel have come.</summary>
    public const string NotificationsConfigMap = "dwcp-v3-notifications";

    /// <summary>Prefix of the numbered ConfigMaps with history older than the status holds.</summary>
    public const string HistoryConfigMapPrefix = "dwcp-v3-rollout-history-";

    /// <summary>Annotation on the ConfigMap: id of the incident after which nothing may be raised until somebody acknowledges it.</summary>
    public const string LockAnnotation = "dwcp.novacron.io/rollback-lock";

    /// <summary>Annotation on the ConfigMap: why the lock was set, for people.</summary>
    public const string LockReasonAnnotation = "dwcp.novacron.io/rollback-reason";

    /// <summary>
    /// Annotation on the ConfigMap: what set the lock, for example <c>ErrorRate</c>; <see cref="OperatorTrigger"/> for a person's rollback, which that
    /// person's command carries out. Any other is the guardian's own, which any guardian carries on at once.
    /// </summary>
    public const string LockTriggerAnnotation = "dwcp.novacron.io/rollback-trigger";

    /// <summary>Trigger of a rollback that a person asked for.</summary>
    public const string OperatorTrigger = "Operator";

    /// <summary>Annotation on the ConfigMap: id of the last incident whose rollback was carried through to its report.</summary>
    public const string CompletedAnnotation = "dwcp.novacron.io/rollback-completed";

    /// <summary>
    /// Annotation on the ConfigMap: ConfigMap that holds what ran before an image without v1 was deployed. While it is there, a rollback must deploy that
    /// again: nodes without v1 do not follow the flag.
    /// </summary>
    public const string V1ArchiveAnnotation = "dwcp.novacron.io/v1-archive";

    /// <summary>Prefix of the ConfigMaps with the deployments that had v1.</summary>
    public const string V1ArchivePrefix = "dwcp-v3-v1-archive-";

    /// <summary>Annotation on the pod template: the incident whose rollback restarted the pods.</summary>
    public const string RestartAnnotation = "dwcp.novacron.io/restarted-by";

    /// <summary>Prefix of the ConfigMaps with incident reports.</summary>
    public const string IncidentConfigMapPrefix = "dwcp-v3-incident-";

    /// <summary>
    /// ConfigMap with the last validation of the namespace: <c>decision</c> (GO, REVIEW, NO-GO, UNDECIDED), <c>release</c>, <c>time</c>
    /// (RFC 3339), <c>images</c> and <c>manifests</c> that it is about, and <c>approvedBy</c> (absent until somebody approves). Written by
    /// Invoke-DwcpValidation and Approve-DwcpValidation.
    /// </summary>
    public const string ValidationConfigMap = "dwcp-v3-validation";

    public const int HttpPort = 8080;
    public const int DiagnosticsPort = 8081;
    public const int MetricsPort = 9090;
    public const string FieldManager = "novacron-dwcp";
}
