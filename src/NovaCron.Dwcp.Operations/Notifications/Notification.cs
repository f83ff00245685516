using NovaCron.Dwcp.Operations.Rollout;

namespace NovaCron.Dwcp.Operations.Notifications;

/// <summary>One message to people about a rollout, made from one entry of its history.</summary>
public sealed record Notification
{
    /// <summary>The same for every attempt to deliver it, and for no other: receivers drop repetitions by it.</summary>
    public required string Id { get; init; }

    /// <summary>What belongs together: trigger and resolve of one alert have the same key.</summary>
    public required string Key { get; init; }

    public required NotificationAction Action { get; init; }

    public required NotificationSeverity Severity { get; init; }

    /// <summary>Number of the history entry; rises from message to message.</summary>
    public required long Number { get; init; }

    public required DateTimeOffset Time { get; init; }

    public required string Namespace { get; init; }

    public required string Release { get; init; }

    public required RolloutState State { get; init; }

    public required int Percent { get; init; }

    public string? Phase { get; init; }

    public string? Incident { get; init; }

    /// <summary>Reason of the entry, for example ErrorRate.</summary>
    public required string Reason { get; init; }

    /// <summary>One line for people.</summary>
    public required string Summary { get; init; }
}
