using System.ComponentModel.DataAnnotations;

namespace NovaCron.Dwcp.Operations.Staging;

/// <summary>Settings of the Service that clients use.</summary>
public sealed record ServiceValues
{
    /// <summary>ClusterIP, NodePort or LoadBalancer.</summary>
    [AllowedValues("ClusterIP", "NodePort", "LoadBalancer", ErrorMessage = "ClusterIP, NodePort or LoadBalancer")]
    public string Type { get; init; } = "ClusterIP";
}
