using System.ComponentModel.DataAnnotations;

namespace NovaCron.Dwcp.Operations.Staging;

/// <summary>Settings of the Service that clients use.</summary>
public sealed record ServiceValues
{
    /// <summary>ClusterIP, NodePort or LoadBalancer.</summary>
    [AllowedValues("ClusterIP", "NodePort", "LoadBalancer", ErrorMessage = "ClusterIP, NodePort or LoadBalancer")]
    public string Type { get; init; } = "ClusterIP";

    /// <summary>SingleStack, PreferDualStack or RequireDualStack; the cluster's default when empty.</summary>
    [AllowedValues(null, "", "SingleStack", "PreferDualStack", "RequireDualStack", ErrorMessage = "SingleStack, PreferDualStack, RequireDualStack or empty")]
    public string? IpFamilyPolicy { get; init; }

    /// <summary>Port of HTTP on every machine (NodePort, LoadBalancer), as a load balancer before them expects it; chosen by the cluster when 0.</summary>
    [Range(0, 65535, ErrorMessage = "0..65535")]
    public int HttpNodePort { get; init; }

    /// <summary>Port of data (TCP and UDP) on every machine; chosen by the cluster when 0.</summary>
    [Range(0, 65535, ErrorMessage = "0..65535")]
    public int DataNodePort { get; init; }
}
