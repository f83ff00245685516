namespace NovaCron.Dwcp.Operations.Notifications;

/// <summary>
/// The channels that the mounted Secret dwcp-v3-notifications asks for: <c>pagerduty-routing-key</c> (and <c>pagerduty-address</c> for another region),
/// <c>slack-webhook-address</c>, <c>webhook-address</c> (and <c>webhook-secret</c>). Read anew for every round, because the kubelet exchanges the files in place.
/// </summary>
/// <param name="directory">Where the Secret is mounted; it may be empty or absent.</param>
/// <param name="client">The HTTP client; not disposed here.</param>
public sealed class NotificationChannels(string directory, HttpClient client)
{
    /// <summary>The channels, and a sentence for each file that is not what it should be.</summary>
    public (IReadOnlyList<INotificationChannel> Channels, IReadOnlyList<string> Problems) Read()
    {
        var channels = new List<INotificationChannel>();
        var problems = new List<string>();
        if (Text("pagerduty-routing-key") is { } key && Address("pagerduty-address", PagerDutyChannel.DefaultAddress) is { } region) channels.Add(new PagerDutyChannel(client, region, key));
        if (Address("slack-webhook-address", null) is { } slack) channels.Add(new SlackChannel(client, slack));
        if (Address("webhook-address", null) is { } webhook) channels.Add(new WebhookChannel(client, webhook, Text("webhook-secret")));
        return (channels, problems);

        string? Text(string name)
        {
            var path = Path.Combine(directory, name);
            try
            {
                return File.Exists(path) && File.ReadAllText(path).Trim() is { Length: > 0 } text ? text : null;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                problems.Add($"{name} of Secret dwcp-v3-notifications cannot be read: {e.Message}");
                return null;
            }
        }

        Uri? Address(string name, Uri? otherwise)
        {
            if (Text(name) is not { } text) return otherwise;
            if (Uri.TryCreate(text, UriKind.Absolute, out var address) && (address.Scheme == Uri.UriSchemeHttps || (address.Scheme == Uri.UriSchemeHttp && address.IsLoopback))) return address;
            // The text may be a secret that landed in the wrong key.
            problems.Add($"{name} of Secret dwcp-v3-notifications is no https address.");
            return null;
        }
    }
}
