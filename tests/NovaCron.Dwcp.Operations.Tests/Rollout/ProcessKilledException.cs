namespace NovaCron.Dwcp.Operations.Tests.Rollout;

/// <summary>Stands for SIGKILL: nothing of ours catches it.</summary>
internal sealed class ProcessKilledException() : Exception("killed");
