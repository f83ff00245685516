using System.Globalization;
using System.Text;
using System.Text.Json;
using NovaCron.Dwcp.Operations.Rollout;

namespace NovaCron.Dwcp.Operations.Tests.Rollout;

/// <summary>A node pod as guardian and rollback see it: flags, metrics, health, and the ways in which these go wrong.</summary>
internal sealed class SimulatedNode(string name, string uid, DateTimeOffset startedAt)
{
    private static readonly double[] Bounds = [.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10];
    private readonly Counts _v1 = new();
    private int _held;
    private readonly Counts _v3 = new();
    private string? _frozenPage;

    public string Name => name;

    public string Uid => uid;

    public bool Ready { get; set; } = true;

    public bool Unschedulable { get; set; }

    /// <summary>How far the clock of its machine is off.</summary>
    public TimeSpan ClockOffset { get; set; }

    /// <summary>Answers nothing at all.</summary>
    public bool Hung { get; set; }

    /// <summary>Requests that came while it was hung; they are never answered.</summary>
    public int Held => Volatile.Read(ref _held);

    /// <summary>Ignores every change of the flag.</summary>
    public bool Deaf { get; set; }

    public bool MetricsFrozen { get; set; }

    public bool MetricsGone { get; set; }

    public bool Healthy { get; set; } = true;

    public bool ComponentsHealthy { get; set; } = true;

    public int Restarts { get; set; }

    public string? WaitingReason { get; set; }

    public string Revision { get; private set; } = "0";

    public int Flag { get; private set; }

    public int Ceiling { get; private set; }

    public bool HasV1 { get; init; } = true;

    public bool V1Disabled { get; private set; }

    public int Effective => HasV1 ? Math.Min(Flag, Ceiling) : 100;

    public long V3Sessions => _v3.Sessions;

    public void Apply(int flag, int ceiling, string revision, bool v1Disabled = false)
    {
        if (Deaf || Hung) return;
        (Flag, Ceiling, Revision, V1Disabled) = (flag, ceiling, revision, v1Disabled);
    }

    public void Serve(bool v3, bool failed, bool slow)
    {
        var counts = v3 ? _v3 : _v1;
        counts.Sessions++;
        if (failed) counts.Failed++;
        else counts.Ok++;
        for (var i = 0; i < Bounds.Length; i++)
            if (slow ? Bounds[i] >= 0.5 : Bounds[i] >= 0.01) counts.Buckets[i]++;
        counts.Buckets[Bounds.Length]++;
    }

    public void Corrupt() => _v3.Corruptions++;

    /// <summary>The process starts anew: every counter begins at zero.</summary>
    public void Crash()
    {
        Restarts++;
        _v1.Clear();
        _v3.Clear();
    }

    public RolloutPod Describe() => new()
    {
        Name = name, Uid = uid, Address = "127.0.0.1", Ready = Ready, Restarts = Restarts, WaitingReason = WaitingReason, StartedAt = startedAt + ClockOffset, WhyNotScheduled = Unschedulable ? "0/1 nodes are available: 1 Insufficient cpu." : null,
    };

    public async Task<PodAnswer> GetAsync(int port, string path, CancellationToken cancellationToken)
    {
        if (Hung)
        {
            Interlocked.Increment(ref _held);
            await Task.Delay(System.Threading.Timeout.InfiniteTimeSpan, cancellationToken);
        }
        return (port, path) switch
        {
            (RolloutNames.HttpPort, "/health") => new PodAnswer(Healthy ? 200 : 503, "{}"),
            (RolloutNames.DiagnosticsPort, "/flags") => new PodAnswer(200, JsonSerializer.Serialize(new
            {
                flag = Flag, ceiling = Ceiling, effective = Effective, revision = Revision, draining = false,
                v1 = !HasV1 ? "absent" : V1Disabled && Math.Min(Flag, Ceiling) == 100 ? "disabled" : "enabled",
                sessions = new { v1 = new { started = _v1.Sessions, active = 0 }, v3 = new { started = _v3.Sessions, active = 0 } },
            })),
            (RolloutNames.MetricsPort, "/metrics") when MetricsGone => new PodAnswer(500, ""),
            (RolloutNames.MetricsPort, "/metrics") => new PodAnswer(200, MetricsFrozen && _frozenPage is not null ? _frozenPage : _frozenPage = Page()),
            _ => new PodAnswer(404, ""),
        };
    }

    public string Page()
    {
        var page = new StringBuilder("# TYPE dwcp_requests_total counter\n");
        foreach (var (version, counts) in new[] { ("v1", _v1), ("v3", _v3), ("canary", new Counts()) })
        {
            page.Append(CultureInfo.InvariantCulture, $"dwcp_requests_total{{version=\"{version}\",outcome=\"ok\"}} {counts.Ok}\n");
            page.Append(CultureInfo.InvariantCulture, $"dwcp_requests_total{{version=\"{version}\",outcome=\"client_error\"}} 0\n");
            page.Append(CultureInfo.InvariantCulture, $"dwcp_requests_total{{version=\"{version}\",outcome=\"server_error\"}} {counts.Failed}\n");
            page.Append(CultureInfo.InvariantCulture, $"dwcp_sessions_started_total{{version=\"{version}\"}} {counts.Sessions}\n");
            page.Append(CultureInfo.InvariantCulture, $"dwcp_corruption_total{{version=\"{version}\"}} {counts.Corruptions}\n");
            for (var i = 0; i <= Bounds.Length; i++)
            {
                var bound = i == Bounds.Length ? "+Inf" : Bounds[i].ToString(CultureInfo.InvariantCulture);
                page.Append(CultureInfo.InvariantCulture, $"dwcp_request_duration_seconds_bucket{{version=\"{version}\",le=\"{bound}\"}} {counts.Buckets[i]}\n");
            }
        }
        foreach (var component in new[] { "AMST", "HDE", "PBA", "ASS", "ACP", "ITP" })
            page.Append(CultureInfo.InvariantCulture, $"dwcp_component_health{{component=\"{component}\"}} {(ComponentsHealthy ? 1 : 0)}\n");
        return page.Append(CultureInfo.InvariantCulture, $"dwcp_flag_revision {Revision}\n").ToString();
    }

    private sealed class Counts
    {
        public long Ok, Failed, Sessions, Corruptions;
        public readonly long[] Buckets = new long[Bounds.Length + 1];

        public void Clear()
        {
            Ok = Failed = Sessions = Corruptions = 0;
            Array.Clear(Buckets);
        }
    }
}
