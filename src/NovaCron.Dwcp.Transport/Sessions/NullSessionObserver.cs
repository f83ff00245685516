using System.Net;

namespace NovaCron.Dwcp.Transport.Sessions;

/// <summary>Listens to nothing.</summary>
public sealed class NullSessionObserver : ISessionObserver
{
    /// <summary>The one.</summary>
    public static NullSessionObserver Instance { get; } = new();

    private NullSessionObserver()
    {
    }

    /// <inheritdoc/>
    public void SessionStarted(SessionInfo session)
    {
    }

    /// <inheritdoc/>
    public void SessionEnded(SessionInfo session, Exception? failure)
    {
    }

    /// <inheritdoc/>
    public void RequestCompleted(string version, RequestKind kind, RequestOutcome outcome, TimeSpan duration)
    {
    }

    /// <inheritdoc/>
    public void BytesMoved(string version, long raw, long wire)
    {
    }

    /// <inheritdoc/>
    public void CorruptionDetected(string version, string detail)
    {
    }

    /// <inheritdoc/>
    public void ConnectionRefused(EndPoint? remote, string reason)
    {
    }
}
