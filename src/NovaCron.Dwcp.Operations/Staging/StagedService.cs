namespace NovaCron.Dwcp.Operations.Staging;

/// <summary>A port of a Service and the addresses where it is reached.</summary>
/// <param name="Service">The Service's name.</param>
/// <param name="PortName">The port's name.</param>
/// <param name="Protocol">TCP or UDP.</param>
/// <param name="Address">Inside the cluster, host:port.</param>
/// <param name="ExternalAddress">From outside (load balancer), host:port, if there is one.</param>
/// <param name="ReadyEndpoints">Pods behind it that are ready.</param>
public sealed record StagedService(string Service, string PortName, string Protocol, string Address, string? ExternalAddress, int ReadyEndpoints);
