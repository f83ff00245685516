using System.Globalization;
using System.Text.Json.Nodes;
using NovaCron.Dwcp.Operations.Metrics;
using NovaCron.Dwcp.Operations.Staging;
using NovaCron.Dwcp.Operations.Validation.Monitoring;

namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>
/// An alert gets to people: a drill's alert is given to Alertmanager, routed to its receiver, and its notification is accepted. It carries
/// <c>drill="true"</c>, which the shipped configuration routes to a receiver of its own: no page, no lock.
/// </summary>
internal sealed class MonitoringAlertCheck() : ValidationCheck(
    "monitoring-alert", CheckCategory.Monitoring, CheckSeverity.High, "A test alert reaches Alertmanager, and its notification is accepted by the receiver",
    "Look at Alertmanager's log; Secret dwcp-alerting must hold the receivers' addresses, and NetworkPolicy dwcp-alertmanager must let it reach them.")
{
    private const string Alert = "DwcpDrill";

    public override CheckPhase Phase => CheckPhase.Drill;

    public override TimeSpan? TimeLimit => TimeSpan.FromMinutes(2);

    public override async Task<string?> WhyNotApplicableAsync(ValidationContext context) =>
        StagingNames.LooksLikeProduction(context.Namespace) || StagingNames.LooksLikeProduction(context.Connection.Context)
            ? "drills are never made in production"
            : await MonitoringSource.WhyNotApplicableAsync(context).ConfigureAwait(false);

    public override async Task<CheckFinding> RunAsync(ValidationContext context, CancellationToken cancellationToken)
    {
        var lease = await DrillLease.TakeAsync(context, cancellationToken).ConfigureAwait(false);
        await using var _ = lease.ConfigureAwait(false);
        var id = Guid.NewGuid().ToString("N")[..8];
        var started = context.Time.GetTimestamp();
        var before = await NotificationsAsync(context, cancellationToken).ConfigureAwait(false);
        var accepted = 0;
        try
        {
            await FireAsync(context, id, resolved: false, cancellationToken).ConfigureAwait(false);
            var receivers = "";
            while (true)
            {
                var alerts = await MonitoringSource.AskAlertmanagerAsync(context, $"/api/v2/alerts?filter={Uri.EscapeDataString($"alertname=\"{Alert}\"")}", cancellationToken).ConfigureAwait(false) as JsonArray
                    ?? throw new InconclusiveException("Alertmanager answered no list of alerts");
                var own = alerts.OfType<JsonObject>().FirstOrDefault(a => a.Text("labels", "run") == id);
                var after = await NotificationsAsync(context, cancellationToken).ConfigureAwait(false);
                if (own is not null)
                {
                    receivers = string.Join(", ", own.Items("receivers").Select(r => r.Text("name")));
                    if (own.Text("status", "state") == "suppressed")
                        return CheckFinding.Fail("the test alert is suppressed: a silence or an inhibition of Alertmanager covers it");
                    if (after.GivenUp > before.GivenUp)
                        return CheckFinding.Fail($"Alertmanager could not deliver the test alert to {receivers}: it gave up {after.GivenUp - before.GivenUp} notifications");
                    // Alertmanager counts a request, and a moment later that it failed.
                    accepted = after.Accepted > before.Accepted ? accepted + 1 : 0;
                    if (accepted == 2)
                    {
                        var seconds = context.Time.GetElapsedTime(started).TotalSeconds;
                        return CheckFinding.Pass(string.Create(CultureInfo.InvariantCulture, $"delivered to {receivers} within {seconds:0.0} s")) with
                        {
                            Figures = [new CheckFigure("time to the notification of an alert", "s", seconds, [seconds], HigherIsBetter: false)],
                        };
                    }
                }

                if (context.Time.GetElapsedTime(started) > context.Options.AlertPatience)
                {
                    return CheckFinding.Fail(own is null
                        ? string.Create(CultureInfo.InvariantCulture, $"Alertmanager does not show the test alert after {context.Options.AlertPatience.TotalSeconds:0.#} s")
                        : string.Create(CultureInfo.InvariantCulture, $"Alertmanager has notified nobody of the test alert within {context.Options.AlertPatience.TotalSeconds:0.#} s; its receiver is {(receivers.Length == 0 ? "none" : receivers)}"));
                }

                await Task.Delay(context.Options.PollInterval, context.Time, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            // Also after Ctrl+C: the alert ends now, and not when Alertmanager forgets it.
            await FireAsync(context, id, resolved: true, CancellationToken.None).ConfigureAwait(false);
        }
    }

    private static Task<string> FireAsync(ValidationContext context, string id, bool resolved, CancellationToken cancellationToken) => MonitoringSource.SendAsync(
        context, MonitoringSource.Alertmanager, HttpMethod.Post, "/api/v2/alerts", new JsonArray(new JsonObject
        {
            ["labels"] = new JsonObject { ["alertname"] = Alert, ["namespace"] = context.Namespace, ["severity"] = "info", ["drill"] = "true", ["run"] = id },
            ["annotations"] = new JsonObject
            {
                ["summary"] = $"Test alert of a validation of {context.Namespace}",
                ["action"] = "Nothing is to be done: a validation makes sure that alerts arrive.",
            },
            ["endsAt"] = context.Now.AddMinutes(resolved ? 0 : 3).UtcDateTime.ToString("O", CultureInfo.InvariantCulture),
        }), cancellationToken);

    /// <summary>
    /// Requests that receivers accepted, and notifications that were given up, of all integrations: which one a receiver uses is its own affair.
    /// <c>alertmanager_notifications_total</c> is of no use: it counts a notification before it is sent.
    /// </summary>
    private static async Task<(double Accepted, double GivenUp)> NotificationsAsync(ValidationContext context, CancellationToken cancellationToken)
    {
        var page = PrometheusText.Parse(await MonitoringSource.SendAsync(context, MonitoringSource.Alertmanager, HttpMethod.Get, "/metrics", null, cancellationToken).ConfigureAwait(false));
        return (Sum("alertmanager_notification_requests_total") - Sum("alertmanager_notification_requests_failed_total"), Sum("alertmanager_notifications_failed_total"));

        double Sum(string name)
        {
            var samples = page.Where(s => s.Name == name).ToList();
            return samples.Count > 0 ? samples.Sum(s => s.Value) : throw new InconclusiveException($"Alertmanager does not export {name}");
        }
    }
}
