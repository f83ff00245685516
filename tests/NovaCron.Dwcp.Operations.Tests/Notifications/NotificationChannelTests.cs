using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using NovaCron.Dwcp.Operations.Notifications;
using NovaCron.Dwcp.Operations.Rollout;

namespace NovaCron.Dwcp.Operations.Tests.Notifications;

public sealed class NotificationChannelTests : IDisposable
{
    private readonly Receiver _receiver = new();
    private readonly HttpClient _client;
    private readonly string _directory = Directory.CreateTempSubdirectory("dwcp-notifications-").FullName;

    public NotificationChannelTests() => _client = new HttpClient(_receiver);

    public void Dispose()
    {
        _client.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task PagerDuty_gets_trigger_and_resolve_with_one_key_and_no_news()
    {
        var channel = new PagerDutyChannel(_client, PagerDutyChannel.DefaultAddress, "the-key");
        Assert.True((await channel.SendAsync(Message(NotificationAction.Trigger), CancellationToken.None)).Delivered);
        Assert.True((await channel.SendAsync(Message(NotificationAction.Resolve), CancellationToken.None)).Delivered);
        Assert.True((await channel.SendAsync(Message(NotificationAction.Tell), CancellationToken.None)).Delivered);
        Assert.Equal(2, _receiver.Requests.Count);
        Assert.All(_receiver.Requests, request => Assert.Equal("https://events.pagerduty.com/v2/enqueue", request.Address));
        var (trigger, resolve) = (Body(0), Body(1));
        Assert.Equal(("the-key", "trigger", "resolve"), (trigger["routing_key"]!.ToString(), trigger["event_action"]!.ToString(), resolve["event_action"]!.ToString()));
        Assert.Equal(trigger["dedup_key"]!.ToString(), resolve["dedup_key"]!.ToString());
        Assert.Equal(("critical", "dwcp-v3/production"), (trigger["payload"]!["severity"]!.ToString(), trigger["payload"]!["source"]!.ToString()));
        Assert.True(trigger["payload"]!["summary"]!.ToString().Length <= 1024);
    }

    [Fact]
    public async Task Slack_text_carries_no_markup_of_ours()
    {
        await new SlackChannel(_client, new Uri("https://hooks.slack.test/services/x")).SendAsync(Message(NotificationAction.Trigger) with { Summary = "pod <!channel> & <http://x|y>" }, CancellationToken.None);
        Assert.Contains("pod &lt;!channel&gt; &amp; &lt;http://x|y&gt;", Body(0)["text"]!.ToString());
    }

    [Fact]
    public async Task A_webhook_is_signed_over_exactly_what_is_sent()
    {
        await new WebhookChannel(_client, new Uri("https://example.test/hook"), "secret").SendAsync(Message(NotificationAction.Trigger), CancellationToken.None);
        var request = _receiver.Requests[0];
        Assert.Equal("sha256=" + Convert.ToHexString(HMACSHA256.HashData(Encoding.UTF8.GetBytes("secret"), request.Body)).ToLowerInvariant(), request.Headers["X-Dwcp-Signature"]);
        Assert.Equal("uid/7/0", request.Headers["Idempotency-Key"]);
        Assert.Equal("RollingBack", Body(0)["state"]!.ToString());
    }

    [Theory]
    [InlineData(HttpStatusCode.BadRequest, true)]
    [InlineData(HttpStatusCode.Unauthorized, false)]
    [InlineData(HttpStatusCode.TooManyRequests, false)]
    [InlineData(HttpStatusCode.BadGateway, false)]
    [InlineData(HttpStatusCode.Redirect, true)]
    public async Task Answers_are_told_apart_and_named_without_the_secret_address(HttpStatusCode status, bool refused)
    {
        _receiver.Status = status;
        var result = await new SlackChannel(_client, new Uri("https://hooks.slack.test/services/secret")).SendAsync(Message(NotificationAction.Trigger), CancellationToken.None);
        Assert.Equal((false, refused), (result.Delivered, result.Refused));
        Assert.Contains("hooks.slack.test", result.Problem);
        Assert.DoesNotContain("secret", result.Problem);
        Assert.Equal(status == HttpStatusCode.TooManyRequests ? TimeSpan.FromSeconds(30) : null, result.RetryAfter);
    }

    [Fact]
    public async Task Secrets_are_not_sent_without_encryption()
    {
        var result = await new WebhookChannel(_client, new Uri("http://example.test/hook"), null).SendAsync(Message(NotificationAction.Trigger), CancellationToken.None);
        Assert.True(result.Refused);
        Assert.Empty(_receiver.Requests);
    }

    [Fact]
    public void Channels_are_what_the_mounted_Secret_says_at_this_moment()
    {
        var channels = new NotificationChannels(_directory, _client);
        Assert.Empty(channels.Read().Channels);
        Assert.Empty(new NotificationChannels(Path.Combine(_directory, "absent"), _client).Read().Channels);
        File.WriteAllText(Path.Combine(_directory, "pagerduty-routing-key"), "key\n");
        File.WriteAllText(Path.Combine(_directory, "slack-webhook-address"), "https://hooks.slack.test/services/x\n");
        File.WriteAllText(Path.Combine(_directory, "webhook-address"), "the-secret-in-the-wrong-key");
        var (read, problems) = channels.Read();
        Assert.Equal(["pagerduty", "slack"], read.Select(channel => channel.Name));
        Assert.Contains("webhook-address", Assert.Single(problems));
        Assert.DoesNotContain("the-secret", problems[0]);
    }

    private JsonObject Body(int request) => JsonNode.Parse(_receiver.Requests[request].Body)!.AsObject();

    private static Notification Message(NotificationAction action) => new()
    {
        Id = "uid/7/0", Key = "production/20260101-1", Action = action, Severity = NotificationSeverity.Critical, Number = 7, Time = DateTimeOffset.UnixEpoch, Namespace = "production",
        Release = "3.0.0", State = RolloutState.RollingBack, Percent = 0, Incident = "20260101-1", Reason = "ErrorRate", Summary = new string('x', 2000),
    };

    private sealed class Receiver : HttpMessageHandler
    {
        public HttpStatusCode Status { get; set; } = HttpStatusCode.Accepted;

        public List<(string Address, byte[] Body, Dictionary<string, string> Headers)> Requests { get; } = [];

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Requests.Add((request.RequestUri!.ToString(), await request.Content!.ReadAsByteArrayAsync(cancellationToken),
                request.Headers.ToDictionary(header => header.Key, header => string.Join(",", header.Value))));
            var response = new HttpResponseMessage(Status);
            if (Status == HttpStatusCode.TooManyRequests) response.Headers.TryAddWithoutValidation("Retry-After", "30");
            return response;
        }
    }
}
