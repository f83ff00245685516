namespace NovaCron.Dwcp.Operations.Rollout;

/// <summary>A rollout or rollback was refused or could not be done. The message says what happened, to what, and what to do.</summary>
public class DwcpRolloutException : Exception
{
    /// <param name="reason">Short stable word, for example <c>Locked</c>; becomes the error id of the cmdlet.</param>
    /// <param name="message">What happened, to what, and what to do.</param>
    /// <param name="inner">The cause.</param>
    public DwcpRolloutException(string reason, string message, Exception? inner = null) : base(message, inner) => Reason = reason;

    /// <summary>Short stable word for programs.</summary>
    public string Reason { get; }
}
