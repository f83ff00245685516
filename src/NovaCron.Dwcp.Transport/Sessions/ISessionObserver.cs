using System.Net;

namespace NovaCron.Dwcp.Transport.Sessions;

/// <summary>Hears what sessions do: metrics and logs hang here. Called from many threads; must be quick and must not throw.</summary>
public interface ISessionObserver
{
    /// <summary>A session was authenticated and its version decided. A v3 session that was sent to v1 does not start.</summary>
    void SessionStarted(SessionInfo session);

    /// <summary>A started session ended.</summary>
    /// <param name="session">The one that started.</param>
    /// <param name="failure">What broke it, or null when it was closed in order.</param>
    void SessionEnded(SessionInfo session, Exception? failure);

    /// <summary>A request was answered.</summary>
    /// <param name="version">A <see cref="VersionLabel"/>.</param>
    /// <param name="kind">What kind.</param>
    /// <param name="outcome">How it ended.</param>
    /// <param name="duration">The node's own service time: from the complete request to its answer, without waiting for the peer.</param>
    void RequestCompleted(string version, RequestKind kind, RequestOutcome outcome, TimeSpan duration);

    /// <summary>User data moved.</summary>
    /// <param name="version">A <see cref="VersionLabel"/>.</param>
    /// <param name="raw">User bytes, those that did not have to travel included.</param>
    /// <param name="wire">Bytes of protocol in both directions, before TLS.</param>
    void BytesMoved(string version, long raw, long wire);

    /// <summary>A mismatch after authenticated receipt or in committed data.</summary>
    void CorruptionDetected(string version, string detail);

    /// <summary>A connection was refused before it became a session: a limit, TLS, a wrong credential.</summary>
    void ConnectionRefused(EndPoint? remote, string reason);
}
