using System.Text.Json;
using NovaCron.Dwcp.Node.Health;
using NovaCron.Dwcp.Node.Metrics;
using NovaCron.Dwcp.Transport.Sessions;

namespace NovaCron.Dwcp.Node.Faults;

/// <summary>Faults that a rehearsal injects through a file. Exists only where <c>DWCP_REHEARSAL=1</c>; diagnostics show it, validation refuses it elsewhere.</summary>
public sealed class RehearsalFaults(string file, NodeMetrics metrics, TimeProvider time, ILogger log) : ISessionFaults
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(250);
    private readonly Random _random = new(20260101);
    private readonly Lock _gate = new();
    private volatile RehearsalFaultFile _current = RehearsalFaultFile.None;
    private string _text = "";

    /// <summary>What is injected now.</summary>
    public RehearsalFaultFile Current => _current;

    /// <inheritdoc/>
    public SessionFault Next(string version, RequestKind kind)
    {
        var fault = version == VersionLabel.V1 ? _current.V1 : _current.V3;
        if (fault is null or { FailShare: 0, DelayMs: 0 }) return default;
        bool fails;
        lock (_gate) fails = _random.NextDouble() < fault.FailShare;
        return new SessionFault(fails, TimeSpan.FromMilliseconds(fault.DelayMs));
    }

    /// <summary>Follows the file until cancelled.</summary>
    public async Task RunAsync(Heartbeat heartbeat, CancellationToken cancellationToken)
    {
        log.LogWarning("DWCP_REHEARSAL=1: faults are injected when {File} asks for them. Never set this in production.", file);
        using var timer = new PeriodicTimer(Period, time);
        do
        {
            heartbeat.Beat();
            Reload();
        }
        while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Reads the file now. A file that is being written or malformed changes nothing.</summary>
    internal void Reload()
    {
        try
        {
            var text = File.Exists(file) ? File.ReadAllText(file) : "{}";
            if (text == _text) return;
            _current = JsonSerializer.Deserialize(text, RehearsalFaultJson.Default.RehearsalFaultFile) ?? RehearsalFaultFile.None;
            _text = text;
            metrics.Frozen = _current.FreezeMetrics;
            log.LogWarning("Injected faults are now {Faults}.", text.ReplaceLineEndings(" "));
        }
        catch (Exception error) when (error is IOException or JsonException or UnauthorizedAccessException)
        {
            log.LogWarning("The fault file {File} cannot be used: {Reason}", file, error.Message);
        }
    }
}
