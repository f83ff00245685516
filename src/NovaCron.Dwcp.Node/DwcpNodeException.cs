namespace NovaCron.Dwcp.Node;

/// <summary>The node cannot start or cannot go on: the message says what happened, to what, and what to do. It never contains a secret.</summary>
public sealed class DwcpNodeException : Exception
{
    public DwcpNodeException(string message) : base(message)
    {
    }

    public DwcpNodeException(string message, Exception inner) : base(message, inner)
    {
    }
}
