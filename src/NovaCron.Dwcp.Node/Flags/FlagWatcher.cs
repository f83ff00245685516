using System.Net;
using k8s;
using k8s.Autorest;
using k8s.Models;
using NovaCron.Dwcp.Node.Health;

namespace NovaCron.Dwcp.Node.Flags;

/// <summary>
/// Follows ConfigMap dwcp-v3-config and the guardian's Lease through the API server, by name. The flag arrives by watch, so a change is in force
/// as soon as the server sends it. While the server is away, the last known value stays in force and its age is exported.
/// </summary>
internal sealed class FlagWatcher
{
    public const string ConfigMapName = "dwcp-v3-config";
    public const string LeaseName = "dwcp-v3-guardian";

    /// <summary>A watch that was silent for so long is checked by a read: connections can die without a sign.</summary>
    private static readonly TimeSpan SilenceLimit = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan RequestLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LeasePeriod = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan FirstLeasePeriod = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan FirstBackOff = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestBackOff = TimeSpan.FromSeconds(5);

    private readonly IKubernetes _cluster;
    private readonly string _namespace;
    private readonly RolloutFlag _flag;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private string? _lastProblem;

    public FlagWatcher(IKubernetes cluster, string @namespace, RolloutFlag flag, TimeProvider time, ILogger log)
    {
        _cluster = cluster;
        _namespace = @namespace;
        _flag = flag;
        _time = time;
        _log = log;
    }

    /// <summary>Follows the ConfigMap until cancelled.</summary>
    public async Task RunFlagAsync(Heartbeat heartbeat, CancellationToken cancellationToken)
    {
        var backOff = FirstBackOff;
        while (true)
        {
            heartbeat.Beat();
            try
            {
                await FollowAsync(heartbeat, () => backOff = FirstBackOff, cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error) when (IsClusterProblem(error))
            {
                if (error is not WatchEndedException) Report(error);
            }

            // Jitter: all pods lose the API server at the same moment and must not come back at the same moment.
            await Task.Delay(backOff * (0.5 + Random.Shared.NextDouble()), _time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (cancellationToken.IsCancellationRequested) return;
            backOff = backOff * 2 < LongestBackOff ? backOff * 2 : LongestBackOff;
        }
    }

    /// <summary>Reads the guardian's Lease every few seconds until cancelled.</summary>
    public async Task RunGuardianAsync(Heartbeat heartbeat, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            heartbeat.Beat();
            DateTimeOffset? renewed = null;
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(RequestLimit);
            try
            {
                var lease = await _cluster.CoordinationV1.ReadNamespacedLeaseAsync(LeaseName, _namespace, cancellationToken: limit.Token).ConfigureAwait(false);
                renewed = lease.Spec?.RenewTime is { } at ? new DateTimeOffset(DateTime.SpecifyKind(at, DateTimeKind.Utc)) : null;
            }
            catch (Exception error) when (IsClusterProblem(error) && !cancellationToken.IsCancellationRequested)
            {
                // No reading is no sign of life; whether that matters is the policy's question. Absence of the Lease is normal before the guardian's first start.
                _log.LogDebug("The guardian's Lease could not be read: {Reason}", Describe(error));
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }

            _flag.SeeGuardian(renewed);
            // Until the guardian first shows itself, looked for more often: node and guardian start together.
            var period = _flag.State.GuardianSeenAt is null ? FirstLeasePeriod : LeasePeriod;
            await Task.Delay(period * (0.75 + (0.5 * Random.Shared.NextDouble())), _time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Lists, then watches from there, until the watch ends or breaks.</summary>
    private async Task FollowAsync(Heartbeat heartbeat, Action connected, CancellationToken cancellationToken)
    {
        var selector = $"metadata.name={ConfigMapName}";
        var from = await ListAsync(selector, cancellationToken).ConfigureAwait(false);
        if (_lastProblem is not null) _log.LogInformation("The API server answers again; following {ConfigMap} from revision {Revision}.", ConfigMapName, from);
        _lastProblem = null;
        connected();

        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Exception? refused = null;
        // The server ends the watch after a while, so that watches spread over its replicas again.
        var events = _cluster.CoreV1.WatchListNamespacedConfigMapAsync(
            _namespace, fieldSelector: selector, resourceVersion: from, allowWatchBookmarks: true, timeoutSeconds: 240 + Random.Shared.Next(120),
            onError: error => refused ??= error, cancellationToken: ended.Token).GetAsyncEnumerator(ended.Token);
        var next = events.MoveNextAsync().AsTask();
        try
        {
            while (true)
            {
                heartbeat.Beat();
                try
                {
                    await next.WaitAsync(SilenceLimit, _time, cancellationToken).ConfigureAwait(false);
                }
                catch (TimeoutException)
                {
                    var known = _flag.State.Revision;
                    await ListAsync(selector, cancellationToken).ConfigureAwait(false);
                    // The read knew something that the watch did not bring: the watch is dead.
                    if (_flag.State.Revision != known && !next.IsCompleted) throw new WatchEndedException();
                    continue;
                }

                if (!await next.ConfigureAwait(false)) break;
                var (kind, item) = events.Current;
                if (refused is not null || kind == WatchEventType.Error) break;
                Take(kind, item);
                next = events.MoveNextAsync().AsTask();
            }
        }
        finally
        {
            await ended.CancelAsync().ConfigureAwait(false);
            // An enumerator must not be disposed while it reads. Its read was cancelled; a connection that does not even notice that is left behind.
            if (await Task.WhenAny(next, Task.Delay(RequestLimit, _time, CancellationToken.None)).ConfigureAwait(false) == next)
                await events.DisposeAsync().ConfigureAwait(false);
        }

        // 410 Gone and an ended watch are part of the protocol: list again.
        if (refused is not null && !IsGone(refused)) throw refused;
        throw new WatchEndedException();
    }

    private void Take(WatchEventType kind, V1ConfigMap item)
    {
        switch (kind)
        {
            case WatchEventType.Added or WatchEventType.Modified:
                _flag.Apply(item.Data?.AsReadOnly() ?? System.Collections.ObjectModel.ReadOnlyDictionary<string, string>.Empty, item.ResourceVersion());
                break;
            case WatchEventType.Deleted:
                _log.LogWarning("ConfigMap {ConfigMap} was deleted; flag and ceiling are 0 until it is back.", ConfigMapName);
                _flag.Apply(null, item.ResourceVersion());
                break;
            default:
                _flag.Confirm();
                break;
        }
    }

    /// <summary>Reads the object and applies it; returns the revision to watch from.</summary>
    private async Task<string> ListAsync(string selector, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(RequestLimit);
        try
        {
            var list = await _cluster.CoreV1.ListNamespacedConfigMapAsync(_namespace, fieldSelector: selector, cancellationToken: limit.Token).ConfigureAwait(false);
            if (list.Items.FirstOrDefault(item => item.Name() == ConfigMapName) is { } found)
                _flag.Apply(found.Data?.AsReadOnly() ?? System.Collections.ObjectModel.ReadOnlyDictionary<string, string>.Empty, found.ResourceVersion());
            else
                _flag.Apply(null, list.ResourceVersion());
            return list.ResourceVersion();
        }
        catch (OperationCanceledException error) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"The API server did not answer within {RequestLimit.TotalSeconds:0} s.", error);
        }
    }

    private void Report(Exception error)
    {
        var problem = Describe(error);
        if (problem == _lastProblem) return;
        _lastProblem = problem;
        _log.LogWarning("ConfigMap {ConfigMap} cannot be followed: {Reason} The last known value stays in force ({Effective} %); trying again.",
            ConfigMapName, problem, _flag.State.Effective);
    }

    private static string Describe(Exception error) => error switch
    {
        HttpOperationException { Response.StatusCode: HttpStatusCode.Forbidden } =>
            $"forbidden. The node's Role needs get, list and watch on configmaps with resourceNames [{ConfigMapName}], and get on leases with resourceNames [{LeaseName}].",
        HttpOperationException http => $"the API server answered {(int)http.Response.StatusCode} {http.Response.ReasonPhrase}.",
        _ => error.Message,
    };

    private static bool IsGone(Exception error) => error switch
    {
        KubernetesException { Status.Code: 410 } => true,
        HttpOperationException { Response.StatusCode: HttpStatusCode.Gone } => true,
        _ => false,
    };

    private static bool IsClusterProblem(Exception error) => error is HttpOperationException or KubernetesException or HttpRequestException or IOException
        or TimeoutException or OperationCanceledException or System.Text.Json.JsonException or WatchEndedException;

    private sealed class WatchEndedException : Exception;
}
