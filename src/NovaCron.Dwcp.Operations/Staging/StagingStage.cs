namespace NovaCron.Dwcp.Operations.Staging;

/// <summary>The stages of a deployment, in their order. Each may be run again at any time.</summary>
public enum StagingStage
{
    /// <summary>The cluster: reachable, new enough, permissions, and not production by accident.</summary>
    Infrastructure,
    /// <summary>The image: built, inspected and pushed where that was asked for; and which are deployed.</summary>
    Image,
    /// <summary>Custom resource definitions, namespace, identities, configuration, secrets, claim.</summary>
    Configuration,
    /// <summary>Services and ingress; before the workloads, because a pod learns of Services when it starts.</summary>
    Services,
    /// <summary>Deployments, scaling and disruption budgets, and waiting until all pods are ready.</summary>
    Workloads,
    /// <summary>Prometheus, Alertmanager and Grafana, or what an operator's stack needs; and that Prometheus scrapes every pod.</summary>
    Monitoring,
    /// <summary>Every pod answers, at 0 %, and the record is written.</summary>
    Verification,
}
