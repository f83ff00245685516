using System.Text.Json.Nodes;

namespace NovaCron.Dwcp.Operations.Notifications;

/// <summary>
/// PagerDuty, Events API v2: incidents and frozen rollouts open an alert, acknowledgement closes it; news that wakes nobody is not sent.
/// Source: https://developer.pagerduty.com/docs/events-api-v2-overview.
/// </summary>
public sealed class PagerDutyChannel : INotificationChannel
{
    /// <summary>Where events go unless the account is in another region.</summary>
    public static Uri DefaultAddress { get; } = new("https://events.pagerduty.com");

    private const int LongestSummary = 1024;

    private readonly HttpDelivery _delivery;
    private readonly Uri _enqueue;
    private readonly string _routingKey;

    /// <param name="client">The HTTP client; not disposed here.</param>
    /// <param name="address">Base address of the region.</param>
    /// <param name="routingKey">Integration key of the service.</param>
    public PagerDutyChannel(HttpClient client, Uri address, string routingKey) =>
        (_delivery, _enqueue, _routingKey) = (new HttpDelivery(client), new Uri(address, "/v2/enqueue"), routingKey);

    public string Name => "pagerduty";

    public Task<DeliveryResult> SendAsync(Notification notification, CancellationToken cancellationToken)
    {
        if (notification.Action == NotificationAction.Tell) return Task.FromResult(DeliveryResult.Done);
        var body = new JsonObject
        {
            ["routing_key"] = _routingKey,
            ["event_action"] = notification.Action == NotificationAction.Resolve ? "resolve" : "trigger",
            ["dedup_key"] = notification.Key,
        };
        if (notification.Action == NotificationAction.Trigger)
            body["payload"] = new JsonObject
            {
                ["summary"] = notification.Summary.Length <= LongestSummary ? notification.Summary : notification.Summary[..(LongestSummary - 1)] + "…",
                ["source"] = $"dwcp-v3/{notification.Namespace}",
                ["severity"] = notification.Severity switch { NotificationSeverity.Critical => "critical", NotificationSeverity.Warning => "warning", _ => "info" },
                ["timestamp"] = notification.Time.UtcDateTime.ToString("O", System.Globalization.CultureInfo.InvariantCulture),
                ["component"] = "dwcp-v3",
                ["class"] = notification.Reason,
                ["custom_details"] = new JsonObject
                {
                    ["state"] = notification.State.ToString(), ["percent"] = notification.Percent, ["phase"] = notification.Phase, ["release"] = notification.Release, ["incident"] = notification.Incident,
                },
            };
        return _delivery.PostAsync(_enqueue, body, null, cancellationToken);
    }
}
