namespace NovaCron.Dwcp.Operations.Staging;

/// <summary>A port as NetworkPolicies name it: 1..65535 and TCP or UDP.</summary>
internal sealed record ServicePort(int Port, string Protocol);
