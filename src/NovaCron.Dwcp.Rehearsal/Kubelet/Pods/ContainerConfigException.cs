namespace NovaCron.Dwcp.Rehearsal.Kubelet.Pods;

/// <summary>A container or volume cannot be set up yet: something that it refers to is missing. The message is the one that a kubelet shows.</summary>
internal sealed class ContainerConfigException(string message) : Exception(message);
