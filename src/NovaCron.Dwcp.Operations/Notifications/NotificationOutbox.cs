namespace NovaCron.Dwcp.Operations.Notifications;

/// <summary>
/// How far every channel has come, kept in ConfigMap dwcp-v3-notifications. The messages themselves are the rollout's history, which is in the cluster
/// before anybody is told: nothing can be lost between the two, and another guardian goes on where this one was killed.
/// </summary>
public sealed class NotificationOutbox
{
    /// <summary>Uid of the rollout that the numbers belong to; another rollout begins anew.</summary>
    public string Rollout { get; set; } = "";

    /// <summary>By channel.</summary>
    public Dictionary<string, ChannelPosition> Channels { get; set; } = [];
}
