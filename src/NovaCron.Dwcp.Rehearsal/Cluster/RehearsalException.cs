namespace NovaCron.Dwcp.Rehearsal.Cluster;

/// <summary>The rehearsal cluster cannot do what was asked: the message says what, to what, and the remedy.</summary>
public sealed class RehearsalException : Exception
{
    public RehearsalException(string message) : base(message)
    {
    }

    public RehearsalException(string message, Exception inner) : base(message, inner)
    {
    }
}
