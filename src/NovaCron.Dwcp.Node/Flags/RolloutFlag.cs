using System.Globalization;

namespace NovaCron.Dwcp.Node.Flags;

/// <summary>Holds the flag state, applies readings to it one after the other, and answers readers without a lock.</summary>
/// <param name="time">Clock.</param>
/// <param name="log">Where changes are told.</param>
/// <param name="hasV1">Whether the node speaks v1.</param>
public sealed class RolloutFlag(TimeProvider time, ILogger log, bool hasV1 = true)
{
    private readonly Lock _gate = new();
    private volatile FlagState _state = FlagState.Unknown with { HasV1 = hasV1 };
    private long _errors;
    private long _confirmed;
    private string? _seenRevision;
    // Silence counts from the start: a guardian that never shows itself is lost too.
    private long _guardianSeen = time.GetTimestamp();
    private string? _guardianRenewal;

    /// <summary>What is in force.</summary>
    public FlagState State => _state;

    /// <summary>Refused keys, counted once for each object version that carried one.</summary>
    public long ErrorCount => Interlocked.Read(ref _errors);

    /// <summary>Time since the API server last confirmed the state, or null when it never did.</summary>
    public TimeSpan? Staleness => Interlocked.Read(ref _confirmed) is var at and not 0 ? time.GetElapsedTime(at) : null;

    /// <summary>Revision as a number for the metric; NaN when there is none yet.</summary>
    public double NumericRevision => double.TryParse(_state.Revision, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : double.NaN;

    /// <summary>The API server showed that nothing changed.</summary>
    public void Confirm() => Interlocked.Exchange(ref _confirmed, Math.Max(1, time.GetTimestamp()));

    /// <summary>Applies one reading of the ConfigMap.</summary>
    /// <param name="data">Its data, or null when it does not exist: flag and ceiling are 0 then.</param>
    /// <param name="revision">resourceVersion of the object, or of the list that did not have it.</param>
    public void Apply(IReadOnlyDictionary<string, string>? data, string revision)
    {
        lock (_gate)
        {
            Confirm();
            var before = _state;
            if (before.IsKnown && revision == _seenRevision) return;
            _seenRevision = revision;
            var settings = before.Settings.Apply(data, out var errors);
            var flagRefused = errors.Any(error => error.StartsWith(FlagSettings.FlagKey, StringComparison.Ordinal));
            // A revision counts as applied when its flag is in force. So an emergency 0 is proven even beside another, malformed key.
            var next = before with
            {
                Settings = settings,
                IsKnown = true,
                Revision = flagRefused ? before.Revision : revision,
                AppliedAt = flagRefused ? before.AppliedAt : time.GetUtcNow(),
                Errors = errors,
            };
            next = next with { GuardianLost = IsGuardianLost(next) };
            _state = next;
            Interlocked.Add(ref _errors, errors.Count);
            foreach (var error in errors) log.LogError("ConfigMap change refused at revision {Revision}: {Reason}", revision, error);

            if (next.Effective != before.Effective || !before.IsKnown)
                log.LogInformation("v3 rollout is {Effective} % now (flag {Flag}, ceiling {Ceiling}, revision {Revision}).", next.Effective, settings.Flag, settings.Ceiling, next.Revision);
            if (next.ServesV1 != before.ServesV1) log.LogInformation("v1 is switched {State} (revision {Revision}).", next.ServesV1 ? "on" : "off", next.Revision);
            if (next.Ignored is { } ignored && ignored != before.Ignored) log.LogWarning("{Reason}", ignored);
        }
    }

    /// <summary>Applies one reading of the guardian's Lease.</summary>
    /// <param name="renewedAt">Its renewTime by the guardian's clock, or null when there is none.</param>
    public void SeeGuardian(DateTimeOffset? renewedAt)
    {
        lock (_gate)
        {
            if (renewedAt is { } renewed && renewed.UtcDateTime.ToString("O", CultureInfo.InvariantCulture) is var mark && mark != _guardianRenewal)
            {
                // Two clocks are never compared while running: a renewal that differs from the last one is a sign of life now.
                // Only the first reading has nothing to differ from, so there the written time has to serve.
                var now = time.GetUtcNow();
                var age = _guardianRenewal is null && renewed < now ? now - renewed : TimeSpan.Zero;
                _guardianRenewal = mark;
                _guardianSeen = time.GetTimestamp() - (long)(age.TotalSeconds * time.TimestampFrequency);
                _state = _state with { GuardianSeenAt = now - age };
            }

            var before = _state;
            var next = before with { GuardianLost = IsGuardianLost(before) };
            _state = next;
            if (next.GuardianLost && !before.GuardianLost)
                log.LogError("No sign of the guardian for {Limit} s. By policy v3 {Action}; effective is {Effective} %.",
                    next.Settings.GuardianLostAfter.TotalSeconds, next.Settings.FallWhenGuardianLost ? "falls to 0" : "holds", next.Effective);
            else if (before.GuardianLost && !next.GuardianLost)
                log.LogInformation("The guardian is back; v3 rollout is {Effective} %.", next.Effective);
        }
    }

    private bool IsGuardianLost(FlagState state) => time.GetElapsedTime(_guardianSeen) > state.Settings.GuardianLostAfter;
}
