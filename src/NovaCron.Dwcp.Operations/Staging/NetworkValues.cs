using System.ComponentModel.DataAnnotations;

namespace NovaCron.Dwcp.Operations.Staging;

/// <summary>Who may talk to the pods (NetworkPolicy).</summary>
public sealed record NetworkValues
{
    /// <summary>Namespace of Prometheus.</summary>
    [RegularExpression(ValueLimits.Label, ErrorMessage = ValueLimits.LabelText)]
    public string MonitoringNamespace { get; init; } = "monitoring";

    /// <summary>Namespace of the ingress controller.</summary>
    [RegularExpression(ValueLimits.Label, ErrorMessage = ValueLimits.LabelText)]
    public string IngressNamespace { get; init; } = "ingress-nginx";

    /// <summary>Networks of clients that may open data sessions on 7420. IPv6 networks are left out on a cluster that has no IPv6.</summary>
    public IReadOnlyList<string> ClientCidrs { get; init; } = ["0.0.0.0/0", "::/0"];

    /// <summary>
    /// Networks from which the API server's proxy reaches pods, so that operators can ask them. When empty, the addresses of Service
    /// default/kubernetes are used.
    /// </summary>
    public IReadOnlyList<string> ControlPlaneCidrs { get; init; } = [];
}
