using System.Text.Json.Nodes;

namespace NovaCron.Dwcp.Operations.Notifications;

/// <summary>A Slack incoming webhook. Source: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks.</summary>
/// <param name="client">The HTTP client; not disposed here.</param>
/// <param name="address">The webhook's address, which is its secret.</param>
public sealed class SlackChannel(HttpClient client, Uri address) : INotificationChannel
{
    private readonly HttpDelivery _delivery = new(client);

    public string Name => "slack";

    public Task<DeliveryResult> SendAsync(Notification notification, CancellationToken cancellationToken)
    {
        var mark = (notification.Action, notification.Severity) switch
        {
            (NotificationAction.Resolve, _) => ":white_check_mark:",
            (_, NotificationSeverity.Critical) => ":rotating_light:",
            (_, NotificationSeverity.Warning) => ":warning:",
            _ => ":information_source:",
        };
        return _delivery.PostAsync(address, new JsonObject { ["text"] = $"{mark} {Escape(notification.Summary)} ({notification.State}, {notification.Percent} %)" }, null, cancellationToken);
    }

    /// <summary>The three characters that mean something in Slack's markup: a pod's name must not become a link or a mention.</summary>
    private static string Escape(string text) =>
        text.Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal).Replace(">", "&gt;", StringComparison.Ordinal);
}
