using System.Text.Json.Nodes;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Kubelet.Probes;

/// <summary>Repeats one probe of one run of a container and turns single results into verdicts by the probe's thresholds.</summary>
/// <param name="probe">The probe as the container specifies it.</param>
/// <param name="actions">What carries it out.</param>
/// <param name="time">The clock of its periods.</param>
internal sealed class Prober(JsonObject probe, ContainerActions actions, TimeProvider time)
{
    /// <summary>
    /// Probes until cancelled. <paramref name="verdict"/> is told every time a threshold is reached; it returns false to end the probing.
    /// <paramref name="failed"/> is told of every single failure.
    /// </summary>
    public async Task RunAsync(Func<bool, bool> verdict, Action<string> failed, CancellationToken cancellationToken)
    {
        var period = TimeSpan.FromSeconds(probe.Integer("periodSeconds") ?? 10);
        var timeout = TimeSpan.FromSeconds(probe.Integer("timeoutSeconds") ?? 1);
        var needed = (Success: probe.Integer("successThreshold") ?? 1, Failure: probe.Integer("failureThreshold") ?? 3);
        var (successes, failures) = (0L, 0L);
        await Task.Delay(TimeSpan.FromSeconds(probe.Integer("initialDelaySeconds") ?? 0), time, cancellationToken).ConfigureAwait(false);
        using var timer = new PeriodicTimer(period, time);
        do
        {
            var result = await actions.RunAsync(probe, timeout, time, cancellationToken).ConfigureAwait(false);
            (successes, failures) = result.Succeeded ? (successes + 1, 0L) : (0L, failures + 1);
            if (!result.Succeeded)
            {
                failed(result.Detail);
            }
            if (successes >= needed.Success && !verdict(true))
            {
                return;
            }
            if (failures >= needed.Failure && !verdict(false))
            {
                return;
            }
        }
        while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false));
    }
}
