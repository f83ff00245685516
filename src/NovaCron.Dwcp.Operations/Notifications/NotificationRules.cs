using System.Globalization;
using NovaCron.Dwcp.Operations.Rollout;

namespace NovaCron.Dwcp.Operations.Notifications;

/// <summary>Which entries of a rollout's history are news, and for whom. Pure: the same history always makes the same messages.</summary>
public static class NotificationRules
{
    /// <summary>The messages of one entry; often none.</summary>
    /// <param name="rollout">The rollout; its uid and release go into the messages.</param>
    /// <param name="previous">The entry before, or null.</param>
    /// <param name="entry">The entry.</param>
    public static IReadOnlyList<Notification> For(DwcpRollout rollout, RolloutHistoryEntry? previous, RolloutHistoryEntry entry)
    {
        var messages = new List<Notification>();
        var frozen = $"{rollout.Metadata.NamespaceProperty}/{rollout.Metadata.Uid}/frozen";
        var incident = $"{rollout.Metadata.NamespaceProperty}/{entry.Incident ?? rollout.Metadata.Uid}";
        if (previous?.State == RolloutState.Frozen && entry.State != RolloutState.Frozen) Add(frozen, NotificationAction.Resolve, NotificationSeverity.Info);
        switch (entry)
        {
            case { State: RolloutState.RollingBack } or { Reason: "RolledBack" }:
                Add(incident, NotificationAction.Trigger, NotificationSeverity.Critical);
                break;
            case { Reason: "ForeignLower" }:
                Add(incident, NotificationAction.Trigger, NotificationSeverity.Warning);
                break;
            case { Reason: "Acknowledged" }:
                Add(incident, NotificationAction.Resolve, NotificationSeverity.Info);
                break;
            case { State: RolloutState.Frozen } when previous?.State != RolloutState.Frozen:
                Add(frozen, NotificationAction.Trigger, NotificationSeverity.Warning);
                break;
            case { Reason: "PutBack" or "SampleRatio" or "SourcesDiffer" or "Idle" or "V1Enabled" }:
                Add(incident, NotificationAction.Tell, NotificationSeverity.Warning);
                break;
            case { Reason: "Raised" or "Lowered" or "Completed" or "Suspended" or "V1Disabled" }:
                Add(incident, NotificationAction.Tell, NotificationSeverity.Info);
                break;
        }
        return messages;

        void Add(string key, NotificationAction action, NotificationSeverity severity) => messages.Add(new Notification
        {
            Id = string.Create(CultureInfo.InvariantCulture, $"{rollout.Metadata.Uid}/{entry.Number}/{messages.Count}"),
            Key = key,
            Action = action,
            Severity = severity,
            Number = entry.Number,
            Time = entry.Time,
            Namespace = rollout.Metadata.NamespaceProperty ?? "",
            Release = rollout.Spec.Release,
            State = entry.State,
            Percent = entry.Percent,
            Phase = entry.Phase,
            Incident = entry.Incident,
            Reason = entry.Reason,
            Summary = $"DWCP v3 {rollout.Spec.Release} in {rollout.Metadata.NamespaceProperty}: {entry.Message}",
        });
    }
}
