using System.Globalization;
using System.Text.Json;
using NovaCron.Dwcp.Operations.Cluster;
using NovaCron.Dwcp.Operations.Metrics;
using NovaCron.Dwcp.Operations.Rollback;

namespace NovaCron.Dwcp.Operations.Rollout;

/// <summary>
/// The last step of a rollout: an image without v1 takes the nodes' place. What ran before is archived first and marked in the ConfigMap, so a rollback at
/// any moment knows to deploy it again. A new image that does not come up is taken back by itself.
/// </summary>
public sealed class V1Removal(IRolloutCluster cluster, TimeProvider? time = null)
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan PodTimeout = TimeSpan.FromSeconds(5);

    private readonly TimeProvider _time = time ?? TimeProvider.System;

    public V1Removal(ClusterConnection connection, string @namespace, TimeProvider? time = null)
        : this(new KubernetesRolloutCluster(connection, @namespace, time), time)
    {
    }

    /// <summary>Deploys an image without v1 and waits until every pod runs it.</summary>
    /// <param name="image">The image; name it by digest.</param>
    /// <param name="disabledFor">How long v1 must have been switched off, with nobody asking for it back.</param>
    /// <param name="timeout">How long the pods may take; then the previous image is deployed again.</param>
    /// <param name="progress">One sentence for each step.</param>
    /// <param name="cancellationToken">Gives up waiting. What was begun stays: running it again goes on with it.</param>
    /// <exception cref="DwcpRolloutException">v1 is still on, was switched off too recently, or an incident is open: nothing was changed.</exception>
    public async Task<V1RemovalReport> RemoveAsync(
        string image, TimeSpan disabledFor, TimeSpan timeout, IProgress<string>? progress = null, CancellationToken cancellationToken = default)
    {
        var steps = new List<string>();
        var configuration = await cluster.ReadConfigurationAsync(cancellationToken).ConfigureAwait(false)
            ?? throw new DwcpRolloutException("NotStaged", $"ConfigMap {cluster.Namespace}/{RolloutNames.ConfigMap} does not exist.");
        var rollout = await cluster.ReadRolloutAsync(cancellationToken).ConfigureAwait(false)
            ?? throw new DwcpRolloutException("NoRollout", $"There is no DwcpRollout in namespace {cluster.Namespace}.");
        Refuse(rollout, configuration, disabledFor);
        await ConfirmNobodyAsync(cancellationToken).ConfigureAwait(false);

        var (name, archive) = await ArchiveAsync(configuration, image, Note, cancellationToken).ConfigureAwait(false);
        var mark = "v1-removal-" + name[RolloutNames.V1ArchivePrefix.Length..];
        var template = archive.Template.DeepClone().AsObject();
        template["spec"]!["containers"]!.AsArray().Single(container => container!["name"]!.ToString() == RolloutNames.NodeContainer)!["image"] = image;
        await cluster.DeployNodesAsync(template, mark, cancellationToken).ConfigureAwait(false);
        Note($"{image} is being deployed with maxUnavailable 0.");

        var problem = await WaitAsync(mark, timeout, cancellationToken).ConfigureAwait(false) ?? await FindV1Async(cancellationToken).ConfigureAwait(false);
        if (problem is null)
        {
            Note("Every pod runs it, serves v3 and has no v1.");
            await TellAsync("Normal", "V1Removed", $"{image} without v1 is deployed; what ran before is kept in ConfigMap {name}.", cancellationToken).ConfigureAwait(false);
            return Report(true);
        }
        Note(problem);
        if ((await cluster.ReadConfigurationAsync(cancellationToken).ConfigureAwait(false))?.LockedBy is { } incident)
        {
            // Two that deploy at once would wait for each other.
            Note($"v3 is being rolled back, incident {incident}; that deploys {archive.Image} again.");
            return Report(false);
        }
        await cluster.DeployNodesAsync(archive.Template, mark + "-back", cancellationToken).ConfigureAwait(false);
        var stuck = await WaitAsync(mark + "-back", timeout, cancellationToken).ConfigureAwait(false);
        if (stuck is null) await cluster.PatchConfigurationAsync(new RolloutConfigurationPatch { V1Archive = "" }, cancellationToken).ConfigureAwait(false);
        Note(stuck is null ? $"{archive.Image} runs again." : $"{archive.Image} is being deployed again: {stuck}");
        await TellAsync("Warning", "V1NotRemoved", $"{image}: {problem} {steps[^1]}", cancellationToken).ConfigureAwait(false);
        return Report(false);

        void Note(string step)
        {
            steps.Add(step);
            progress?.Report(step);
        }

        V1RemovalReport Report(bool succeeded) => new()
        {
            Namespace = cluster.Namespace, Image = image, PreviousImage = archive.Image, Archive = name, Succeeded = succeeded, Steps = steps,
        };
    }

    private void Refuse(DwcpRollout rollout, RolloutConfiguration configuration, TimeSpan disabledFor)
    {
        var status = rollout.Status ?? new DwcpRolloutStatus();
        if ((configuration.LockedBy ?? status.Lock?.Incident) is { } incident)
            throw new DwcpRolloutException("Locked", $"Incident {incident} is open. Look into it and acknowledge it first.");
        if (status is not { State: RolloutState.Completed, Percent: 100 } || configuration.Effective != 100)
            throw new DwcpRolloutException("NotComplete", Text($"The rollout is {status.State} at {status.Percent} %. v1 can go when it is Completed at 100 %."));
        if (status.V1DisabledAt is not { } since || !configuration.V1Disabled)
            throw new DwcpRolloutException("V1Enabled", "v1 is still on. Switch it off first (Remove-DwcpV1), and see for some weeks that nobody misses it.");
        if (_time.GetUtcNow() - since is var off && off < disabledFor)
            throw new DwcpRolloutException("TooEarly", $"v1 has been off for {GoDuration.Format(TimeSpan.FromSeconds(Math.Floor(off.TotalSeconds)))}; {GoDuration.Format(disabledFor)} are wanted before it is removed.");
    }

    /// <summary>Every ready pod says itself that v1 is off (or gone already) and that no v1 session runs.</summary>
    private async Task ConfirmNobodyAsync(CancellationToken cancellationToken)
    {
        var found = new List<string>();
        foreach (var (pod, flags, problem) in await AskAllAsync(cancellationToken).ConfigureAwait(false))
            if (flags is null) found.Add($"{pod}: {problem}");
            else if (flags.ServesV1) found.Add($"{pod} still opens v1 sessions");
        if (found.Count > 0) throw new DwcpRolloutException("V1Enabled", $"Not every pod has v1 switched off: {string.Join("; ", found.Take(3))}.");
    }

    /// <summary>The archive, made now or, after an interruption, the one that is marked already.</summary>
    private async Task<(string Name, V1Archive Archive)> ArchiveAsync(RolloutConfiguration configuration, string image, Action<string> note, CancellationToken cancellationToken)
    {
        if (configuration.V1Archive is { } marked && await cluster.ReadDocumentAsync(marked, cancellationToken).ConfigureAwait(false) is { } kept)
        {
            note($"What ran before is kept in ConfigMap {marked} already.");
            return (marked, V1Archive.Parse(kept));
        }
        var now = _time.GetUtcNow();
        var template = await cluster.ReadNodeTemplateAsync(cancellationToken).ConfigureAwait(false);
        var previous = (template["spec"]?["containers"]?.AsArray() ?? []).FirstOrDefault(container => container?["name"]?.ToString() == RolloutNames.NodeContainer)?["image"]?.ToString()
            ?? throw new DwcpRolloutException("NoContainer", $"Deployment {RolloutNames.NodeDeployment} has no container {RolloutNames.NodeContainer}.");
        if (previous == image) throw new DwcpRolloutException("SameImage", $"{image} runs already.");
        var archive = new V1Archive
        {
            Template = template, Image = previous, Release = configuration.Release, ArchivedAt = now,
            ArchivedBy = await cluster.ReadIdentityAsync(cancellationToken).ConfigureAwait(false),
        };
        var name = RolloutNames.V1ArchivePrefix + now.UtcDateTime.ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture);
        await cluster.WriteDocumentAsync(new RolloutDocument(name, JsonSerializer.Serialize(archive, RolloutJson.Options), null), cancellationToken).ConfigureAwait(false);
        // Marked before the first pod loses v1: from here on a rollback deploys the archive.
        await cluster.PatchConfigurationAsync(new RolloutConfigurationPatch { V1Archive = name, Revision = configuration.Revision }, cancellationToken).ConfigureAwait(false);
        note($"{previous} and its pod template are kept in ConfigMap {name}.");
        return (name, archive);
    }

    /// <summary>Waits until every pod is new and available. Returns what is wrong, or null.</summary>
    private async Task<string?> WaitAsync(string mark, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var began = _time.GetTimestamp();
        while (true)
        {
            string last;
            try
            {
                var deployment = await cluster.ReadDeploymentAsync(cancellationToken).ConfigureAwait(false);
                if (deployment is { IsSettled: true } && deployment.RestartMark == mark) return null;
                // A rollback in between deploys the archive itself.
                if (deployment is not null && deployment.RestartMark != mark) return $"Somebody else deployed in between ({deployment.RestartMark}).";
                last = deployment is null ? "there is no Deployment" : Text($"{deployment.Updated} of {deployment.Desired} new, {deployment.Available} available");
            }
            catch (Exception e) when (RollbackService.IsFailure(e))
            {
                last = e.Message;
            }
            if (_time.GetElapsedTime(began) >= timeout) return Text($"The pods were not replaced after {timeout.TotalSeconds:0} s ({last}).");
            await Task.Delay(PollInterval, _time, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<string?> FindV1Async(CancellationToken cancellationToken)
    {
        var wrong = (await AskAllAsync(cancellationToken).ConfigureAwait(false))
            .Where(answer => answer.Flags is not { HasV1: false, Effective: 100 }).Select(answer => $"{answer.Pod} {(answer.Flags is null ? answer.Problem : "has v1: this is no image without it")}").ToList();
        return wrong.Count == 0 ? null : string.Join("; ", wrong.Take(3)) + ".";
    }

    private async Task<IReadOnlyList<(string Pod, NodeFlags? Flags, string? Problem)>> AskAllAsync(CancellationToken cancellationToken)
    {
        var pods = (await cluster.ListPodsAsync(cancellationToken).ConfigureAwait(false)).Where(pod => pod is { Ready: true, Terminating: false }).ToList();
        if (pods.Count == 0) throw new DwcpRolloutException("NoPods", "No node pod is ready.");
        return await Task.WhenAll(pods.Select(async pod =>
        {
            using var limit = new CancellationTokenSource(PodTimeout, _time);
            using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
            try
            {
                var answer = await cluster.GetFromPodAsync(pod, RolloutNames.DiagnosticsPort, "/flags", linked.Token).ConfigureAwait(false);
                return answer.IsSuccess ? (pod.Name, NodeFlags.Parse(answer.Body), (string?)null) : (pod.Name, (NodeFlags?)null, Text($"/flags answered {answer.StatusCode}"));
            }
            catch (Exception e) when (RollbackService.IsFailure(e) || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
            {
                return (pod.Name, (NodeFlags?)null, (string?)(e is OperationCanceledException ? "did not answer" : e.Message));
            }
        })).ConfigureAwait(false);
    }

    private async Task TellAsync(string type, string reason, string message, CancellationToken cancellationToken)
    {
        try
        {
            await cluster.RecordEventAsync(type, reason, message, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (RollbackService.IsFailure(e))
        {
            // The report says it as well; an Event is a copy for people.
            _ = e;
        }
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
