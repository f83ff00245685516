using NovaCron.Dwcp.Operations.Notifications;
using NovaCron.Dwcp.Operations.Rollout;
using NovaCron.Dwcp.Operations.Tests.Rollout;

namespace NovaCron.Dwcp.Operations.Tests.Notifications;

public sealed class NotifierTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task Everything_that_is_news_arrives_once_in_order_whichever_process_sends_it()
    {
        var scenario = new RolloutScenario();
        var channel = new RecordingChannel("a");
        var notifier = NewNotifier(scenario, channel);
        await scenario.AskAsync(10);
        Assert.True(await scenario.RunUntilAsync(() => scenario.Status.State == RolloutState.Soaking, Minute));
        await notifier.DeliverAsync(CancellationToken.None);
        Assert.Equal(["Raised"], channel.Received.Select(message => message.Reason));

        scenario.V3FailShare = 0.5;
        Assert.True(await scenario.RunUntilAsync(() => scenario.Status.State == RolloutState.RolledBack, 3 * Minute));
        notifier = NewNotifier(scenario, channel);
        await notifier.DeliverAsync(CancellationToken.None);
        await notifier.DeliverAsync(CancellationToken.None);
        var incident = scenario.Status.Lock!.Incident;
        Assert.Equal(channel.Received.Select(message => message.Number).Order(), channel.Received.Select(message => message.Number));
        Assert.Equal(channel.Received.Count, channel.Received.DistinctBy(message => message.Id).Count());
        Assert.All(channel.Received.Skip(1), message => Assert.Equal((NotificationAction.Trigger, "staging/" + incident), (message.Action, message.Key)));
        Assert.Equal(3, channel.Received.Count);

        await new RolloutService(scenario.Cluster, scenario.Time).AcknowledgeAsync(incident);
        Assert.True(await scenario.RunUntilAsync(() => scenario.Status.Lock is null, Minute));
        await notifier.DeliverAsync(CancellationToken.None);
        Assert.Equal((NotificationAction.Resolve, "staging/" + incident), (channel.Received[^1].Action, channel.Received[^1].Key));
    }

    [Fact]
    public async Task A_receiver_that_is_down_is_tried_less_and_less_and_delays_nobody_else()
    {
        var scenario = new RolloutScenario();
        var broken = new RecordingChannel("broken") { Answer = _ => new DeliveryResult(false, false, null, "down") };
        var healthy = new RecordingChannel("healthy");
        var notifier = NewNotifier(scenario, broken, healthy);
        await scenario.AskAsync(10);
        Assert.True(await scenario.RunUntilAsync(() => scenario.Status.State == RolloutState.Completed, 5 * Minute));
        for (var second = 0; second < 600; second++)
        {
            await notifier.DeliverAsync(CancellationToken.None);
            scenario.Time.Advance(TimeSpan.FromSeconds(1));
        }
        Assert.Equal(["Raised", "Completed"], healthy.Received.Select(message => message.Reason));
        // Pauses of 2, 4, 8, ... 256 seconds and then 300.
        Assert.InRange(broken.Received.Count, 8, 11);
        Assert.Single(broken.Received.DistinctBy(message => message.Id));

        broken.Answer = _ => DeliveryResult.Done;
        broken.Received.Clear();
        scenario.Time.Advance(5 * Minute);
        await notifier.DeliverAsync(CancellationToken.None);
        Assert.Equal(["Raised", "Completed"], broken.Received.Select(message => message.Reason));
        Assert.Equal(2, notifier.Totals["broken"].Delivered);
    }

    [Fact]
    public async Task A_message_that_is_refused_for_good_does_not_hold_up_the_next()
    {
        var scenario = new RolloutScenario();
        var channel = new RecordingChannel("a") { Answer = message => message.Reason == "Raised" ? new DeliveryResult(false, true, null, "no such thing") : DeliveryResult.Done };
        await scenario.AskAsync(10);
        Assert.True(await scenario.RunUntilAsync(() => scenario.Status.State == RolloutState.Completed, 5 * Minute));
        await NewNotifier(scenario, channel).DeliverAsync(CancellationToken.None);
        Assert.Equal(["Raised", "Completed"], channel.Received.Select(message => message.Reason));
    }

    [Fact]
    public async Task A_process_that_dies_after_sending_repeats_with_the_same_id()
    {
        var scenario = new RolloutScenario();
        await scenario.AskAsync(10);
        Assert.True(await scenario.RunUntilAsync(() => scenario.Status.State == RolloutState.Soaking, Minute));
        var channel = new RecordingChannel("a");
        // Rollout and position are read; the next call would note how far it has come.
        scenario.Cluster.KillAt = scenario.Cluster.Calls + 3;
        await Assert.ThrowsAsync<ProcessKilledException>(() => NewNotifier(scenario, channel).DeliverAsync(CancellationToken.None));
        scenario.Cluster.KillAt = null;
        await NewNotifier(scenario, channel).DeliverAsync(CancellationToken.None);
        Assert.Equal(2, channel.Received.Count);
        Assert.Equal(channel.Received[0].Id, channel.Received[1].Id);
    }

    [Fact]
    public async Task What_is_older_than_a_day_is_no_news()
    {
        var scenario = new RolloutScenario();
        await scenario.AskAsync(10);
        Assert.True(await scenario.RunUntilAsync(() => scenario.Status.State == RolloutState.Soaking, Minute));
        scenario.Time.Advance(TimeSpan.FromHours(25));
        var channel = new RecordingChannel("a");
        await NewNotifier(scenario, channel).DeliverAsync(CancellationToken.None);
        Assert.Empty(channel.Received);
    }

    [Fact]
    public async Task A_frozen_rollout_opens_an_alert_that_its_going_on_closes()
    {
        var scenario = new RolloutScenario();
        await scenario.AskAsync(10);
        Assert.True(await scenario.RunUntilAsync(() => scenario.Status.State == RolloutState.Soaking, Minute));
        scenario.Cluster.Nodes[0].MetricsGone = true;
        Assert.True(await scenario.RunUntilAsync(() => scenario.Status.State == RolloutState.Frozen, Minute));
        scenario.Cluster.Nodes[0].MetricsGone = false;
        Assert.True(await scenario.RunUntilAsync(() => scenario.Status.State == RolloutState.Soaking, Minute));
        var channel = new RecordingChannel("a");
        await NewNotifier(scenario, channel).DeliverAsync(CancellationToken.None);
        var alerts = channel.Received.Where(message => message.Key.EndsWith("/frozen", StringComparison.Ordinal)).ToList();
        Assert.Equal([NotificationAction.Trigger, NotificationAction.Resolve], alerts.Select(message => message.Action));
        Assert.Single(alerts.DistinctBy(message => message.Key));
    }

    private static Notifier NewNotifier(RolloutScenario scenario, params INotificationChannel[] channels) => new(scenario.Cluster, () => (channels, []), scenario.Time);

    private sealed class RecordingChannel(string name) : INotificationChannel
    {
        public string Name => name;

        public List<Notification> Received { get; } = [];

        public Func<Notification, DeliveryResult> Answer { get; set; } = _ => DeliveryResult.Done;

        public Task<DeliveryResult> SendAsync(Notification notification, CancellationToken cancellationToken)
        {
            Received.Add(notification);
            return Task.FromResult(Answer(notification));
        }
    }
}
