namespace NovaCron.Dwcp.Operations.Rollout;

/// <summary>The object was changed by somebody else since it was read. Read again and decide anew.</summary>
public sealed class RolloutConflictException(string target, Exception? inner = null)
    : DwcpRolloutException("Conflict", $"{target} was changed by somebody else meanwhile. Read it again and decide anew.", inner);
