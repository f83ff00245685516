using System.Collections.Concurrent;
using System.Net;
using NovaCron.Dwcp.Transport.Sessions;

namespace NovaCron.Dwcp.Transport.Tests;

/// <summary>Remembers what sessions did.</summary>
internal sealed class RecordingObserver : ISessionObserver
{
    private long _raw;
    private long _wire;

    public ConcurrentQueue<SessionInfo> Started { get; } = new();

    public ConcurrentQueue<(SessionInfo Session, Exception? Failure)> Ended { get; } = new();

    public ConcurrentQueue<(string Version, RequestKind Kind, RequestOutcome Outcome, TimeSpan Duration)> Requests { get; } = new();

    public ConcurrentQueue<string> Corruptions { get; } = new();

    public ConcurrentQueue<string> Refusals { get; } = new();

    public long Raw => Interlocked.Read(ref _raw);

    public long Wire => Interlocked.Read(ref _wire);

    /// <summary>Hears of the raw bytes so far whenever some moved.</summary>
    public Action<long>? OnBytes { get; set; }

    public void SessionStarted(SessionInfo session) => Started.Enqueue(session);

    public void SessionEnded(SessionInfo session, Exception? failure) => Ended.Enqueue((session, failure));

    public void RequestCompleted(string version, RequestKind kind, RequestOutcome outcome, TimeSpan duration) => Requests.Enqueue((version, kind, outcome, duration));

    public void BytesMoved(string version, long raw, long wire)
    {
        Interlocked.Add(ref _raw, raw);
        Interlocked.Add(ref _wire, wire);
        OnBytes?.Invoke(Raw);
    }

    public void CorruptionDetected(string version, string detail) => Corruptions.Enqueue(detail);

    public void ConnectionRefused(EndPoint? remote, string reason) => Refusals.Enqueue(reason);
}
