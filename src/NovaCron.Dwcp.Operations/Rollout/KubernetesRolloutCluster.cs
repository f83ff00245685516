using System.Globalization;
using System.IO.Compression;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using k8s.Models;
using NovaCron.Dwcp.Operations.Cluster;
using NovaCron.Dwcp.Operations.Metrics;
using NovaCron.Dwcp.Operations.Staging;

namespace NovaCron.Dwcp.Operations.Rollout;

/// <summary>The rollout's view of a real cluster, through the Kubernetes API.</summary>
public sealed class KubernetesRolloutCluster : IRolloutCluster
{
    /// <summary>Most bytes that are read from a pod.</summary>
    private const int MaximumAnswer = 4 << 20;

    private const int LogLines = 5000;

    private static readonly TimeSpan ProxyTimeout = TimeSpan.FromSeconds(5);

    private static readonly HttpClient Direct = new(new SocketsHttpHandler
    {
        ConnectTimeout = TimeSpan.FromSeconds(1), UseProxy = false, AllowAutoRedirect = false, PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
    })
    {
        MaxResponseContentBufferSize = MaximumAnswer, Timeout = System.Threading.Timeout.InfiniteTimeSpan,
    };

    private static readonly PrometheusReader Prometheus = new(new HttpClient(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(1), UseProxy = false, AllowAutoRedirect = false })
    {
        MaxResponseContentBufferSize = PrometheusReader.MaximumAnswer, Timeout = System.Threading.Timeout.InfiniteTimeSpan,
    });

    private readonly ClusterConnection _connection;
    private readonly TimeProvider _time;
    private readonly bool _inCluster;

    /// <param name="connection">The connection; not disposed here.</param>
    /// <param name="namespace">Namespace of the rollout.</param>
    /// <param name="time">Clock for Events.</param>
    /// <param name="inCluster">
    /// True in a pod: other pods are asked at their own address, the API server's proxy is the second way. Elsewhere it is the other way round, because
    /// behind a VPN a pod's address may well be somebody else's machine.
    /// </param>
    public KubernetesRolloutCluster(ClusterConnection connection, string @namespace, TimeProvider? time = null, bool? inCluster = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(@namespace);
        (_connection, Namespace, _time) = (connection, @namespace, time ?? TimeProvider.System);
        _inCluster = inCluster ?? connection.Context == "in-cluster";
    }

    public string Namespace { get; }

    public async Task<string> ReadIdentityAsync(CancellationToken cancellationToken) =>
        (await _connection.WhoAmIAsync(cancellationToken).ConfigureAwait(false)).UserName;

    public Task<DwcpRollout?> ReadRolloutAsync(CancellationToken cancellationToken) =>
        _connection.FindAsync<DwcpRollout>(Namespace, RolloutNames.Rollout, cancellationToken);

    public Task<DwcpRollout> WriteRolloutAsync(DwcpRollout rollout, CancellationToken cancellationToken) => ConflictsAsync($"DwcpRollout {Namespace}/{RolloutNames.Rollout}",
        () => rollout.Metadata.ResourceVersion is null
            ? _connection.CreateAsync(rollout, Namespace, cancellationToken)
            : _connection.ReplaceAsync(rollout, Namespace, null, cancellationToken));

    public Task<DwcpRollout> WriteRolloutStatusAsync(DwcpRollout rollout, CancellationToken cancellationToken) =>
        ConflictsAsync($"Status of DwcpRollout {Namespace}/{RolloutNames.Rollout}", () => _connection.ReplaceAsync(rollout, Namespace, "status", cancellationToken));

    public async Task<RolloutConfiguration?> ReadConfigurationAsync(CancellationToken cancellationToken) =>
        await _connection.FindAsync(ClusterResource.ConfigMap, Namespace, RolloutNames.ConfigMap, cancellationToken).ConfigureAwait(false) is { } map ? ReadConfiguration(map) : null;

    public async Task<RolloutConfiguration> PatchConfigurationAsync(RolloutConfigurationPatch patch, CancellationToken cancellationToken)
    {
        var data = new JsonObject();
        if (patch.Flag is { } flag) data[RolloutNames.FlagKey] = flag.ToString(CultureInfo.InvariantCulture);
        if (patch.Ceiling is { } ceiling) data[RolloutNames.CeilingKey] = ceiling.ToString(CultureInfo.InvariantCulture);
        if (patch.V1Enabled is { } v1) data[RolloutNames.V1Key] = v1 ? null : "disabled";
        var annotations = new JsonObject();
        Annotate(RolloutNames.V1ArchiveAnnotation, patch.V1Archive);
        Annotate(RolloutNames.LockAnnotation, patch.LockedBy);
        Annotate(RolloutNames.LockReasonAnnotation, patch.LockReason);
        Annotate(RolloutNames.LockTriggerAnnotation, patch.LockTrigger);
        Annotate(RolloutNames.CompletedAnnotation, patch.Completed);
        var metadata = new JsonObject();
        if (annotations.Count > 0) metadata["annotations"] = annotations;
        if (patch.Revision is not null) metadata["resourceVersion"] = patch.Revision;
        var document = new JsonObject();
        if (metadata.Count > 0) document["metadata"] = metadata;
        if (data.Count > 0) document["data"] = data;
        return ReadConfiguration(await ConflictsAsync($"ConfigMap {Namespace}/{RolloutNames.ConfigMap}",
            () => _connection.PatchAsync(ClusterResource.ConfigMap, Namespace, RolloutNames.ConfigMap, document, null, null, cancellationToken)).ConfigureAwait(false));

        void Annotate(string name, string? value)
        {
            if (value is not null) annotations[name] = value.Length == 0 ? null : JsonValue.Create(value);
        }
    }

    public async Task<IReadOnlyList<RolloutPod>> ListPodsAsync(CancellationToken cancellationToken)
    {
        var pods = new List<RolloutPod>();
        await foreach (var pod in _connection.EnumerateAsync<V1Pod>(Namespace, RolloutNames.NodePodSelector, null, cancellationToken).ConfigureAwait(false))
        {
            // Evicted and finished pods stay in the list for hours; they serve nobody and are counted nowhere.
            if (pod.Status?.Phase is "Failed" or "Succeeded") continue;
            pods.Add(new RolloutPod
            {
                Name = pod.Metadata.Name,
                Uid = pod.Metadata.Uid,
                Address = pod.Status?.PodIP,
                Ready = pod.Status?.Conditions?.Any(condition => condition is { Type: "Ready", Status: "True" }) ?? false,
                Terminating = pod.Metadata.DeletionTimestamp is not null,
                WhyNotScheduled = pod.Status?.Conditions?.FirstOrDefault(condition => condition is { Type: "PodScheduled", Status: "False" }) is { } refused ? refused.Message ?? refused.Reason ?? "no reason given" : null,
                Restarts = NodeContainer(pod)?.RestartCount ?? 0,
                WaitingReason = NodeContainer(pod)?.State?.Waiting?.Reason,
                StartedAt = (pod.Status?.StartTime ?? pod.Metadata.CreationTimestamp) is { } time ? new DateTimeOffset(DateTime.SpecifyKind(time, DateTimeKind.Utc)) : null,
            });
        }
        return pods;
    }

    public Task DeletePodAsync(string pod, CancellationToken cancellationToken) =>
        _connection.DeleteAsync(ClusterResource.Pod, Namespace, pod, TimeSpan.Zero, null, cancellationToken);

    public Task<string> ReadPodLogAsync(string pod, bool previous, CancellationToken cancellationToken) =>
        _connection.ReadLogAsync(Namespace, pod, new PodLogOptions { Container = RolloutNames.NodeContainer, Previous = previous, TailLines = LogLines, Timestamps = true }, cancellationToken);

    public async Task<PodAnswer> GetFromPodAsync(RolloutPod pod, int port, string path, CancellationToken cancellationToken)
    {
        if (_inCluster && pod.Address is not null)
        {
            try
            {
                return await GetDirectlyAsync(pod.Address, port, path, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (CouldNotConnect(e) && !cancellationToken.IsCancellationRequested)
            {
                return await GetThroughProxyAsync(pod, port, path, cancellationToken).ConfigureAwait(false);
            }
        }
        try
        {
            return await GetThroughProxyAsync(pod, port, path, cancellationToken).ConfigureAwait(false);
        }
        catch (DwcpClusterException e) when (pod.Address is not null && e.Failure is ClusterFailure.Forbidden or ClusterFailure.Unreachable or ClusterFailure.ServerError)
        {
            return await GetDirectlyAsync(pod.Address!, port, path, cancellationToken).ConfigureAwait(false);
        }
    }

    public Task<PrometheusReading> ReadPrometheusAsync(Uri address, CancellationToken cancellationToken) => Prometheus.ReadAsync(address, Namespace, cancellationToken);

    public async Task<RolloutDeployment?> ReadDeploymentAsync(CancellationToken cancellationToken) =>
        await _connection.FindAsync<V1Deployment>(Namespace, RolloutNames.NodeDeployment, cancellationToken).ConfigureAwait(false) is { } deployment ? Read(deployment) : null;

    public async Task<RolloutCapacity?> ReadCapacityAsync(CancellationToken cancellationToken)
    {
        if (await ReadDeploymentAsync(cancellationToken).ConfigureAwait(false) is not { } deployment) return null;
        int? most = null;
        try
        {
            most = (await _connection.FindAsync<V2HorizontalPodAutoscaler>(Namespace, RolloutNames.NodeDeployment, cancellationToken).ConfigureAwait(false))?.Spec.MaxReplicas;
        }
        catch (DwcpClusterException e) when (e.Failure == ClusterFailure.Forbidden)
        {
            // Only the room for more is not known then.
        }
        return new RolloutCapacity { Desired = deployment.Desired, Available = deployment.Available, MaximumReplicas = most };
    }

    public async Task<RolloutDeployment> RestartDeploymentAsync(string mark, CancellationToken cancellationToken)
    {
        var live = await _connection.GetAsync(ClusterResource.Deployment, Namespace, RolloutNames.NodeDeployment, cancellationToken).ConfigureAwait(false);
        return await PatchNodesAsync(live, Marked(mark), cancellationToken).ConfigureAwait(false);
    }

    public async Task<JsonObject> ReadNodeTemplateAsync(CancellationToken cancellationToken)
    {
        var live = await _connection.GetAsync(ClusterResource.Deployment, Namespace, RolloutNames.NodeDeployment, cancellationToken).ConfigureAwait(false);
        var template = live["spec"]!["template"]!.DeepClone().AsObject();
        // A tag may come to mean another image; what runs is what is to come back.
        var pods = await _connection.ListAsync(ClusterResource.Pod, Namespace, RolloutNames.NodePodSelector, cancellationToken: cancellationToken).ConfigureAwait(false);
        foreach (var container in template["spec"]?["containers"] as JsonArray ?? [])
        {
            var digests = pods.Where(WorkloadWaiter.IsReady).SelectMany(pod => pod["status"]?["containerStatuses"] as JsonArray ?? [])
                .Where(status => status?["name"]?.ToString() == container?["name"]?.ToString())
                .Select(status => StagingReader.Digest(status?["imageID"]?.ToString())).OfType<string>().Distinct().ToList();
            if (digests.Count == 1 && container?["image"]?.ToString() is { } image) container["image"] = NodeImage.Pin(image, digests[0]);
        }
        return template;
    }

    public async Task<RolloutDeployment> DeployNodesAsync(JsonObject template, string mark, CancellationToken cancellationToken)
    {
        var live = await _connection.GetAsync(ClusterResource.Deployment, Namespace, RolloutNames.NodeDeployment, cancellationToken).ConfigureAwait(false);
        var wanted = Marked(mark);
        foreach (var (name, value) in MergeDifference(live["spec"]?["template"] as JsonObject ?? [], template))
        {
            // The mark stays: it tells this deployment from the one before.
            if (name == "metadata" && value is JsonObject metadata)
            {
                var annotations = metadata["annotations"] as JsonObject ?? [];
                annotations[RolloutNames.RestartAnnotation] = mark;
                metadata["annotations"] = annotations.DeepClone();
            }
            wanted[name] = value?.DeepClone();
        }
        return await PatchNodesAsync(live, wanted, cancellationToken).ConfigureAwait(false);
    }

    private static JsonObject Marked(string mark) =>
        new() { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [RolloutNames.RestartAnnotation] = mark } } };

    private async Task<RolloutDeployment> PatchNodesAsync(JsonObject live, JsonObject template, CancellationToken cancellationToken)
    {
        var spec = new JsonObject { ["template"] = template };
        if (live["spec"]?["strategy"]?["rollingUpdate"]?["maxUnavailable"]?.ToString() is not ("0" or "0%"))
            spec["strategy"] = new JsonObject { ["type"] = "RollingUpdate", ["rollingUpdate"] = new JsonObject { ["maxUnavailable"] = 0, ["maxSurge"] = 1 } };
        await _connection.PatchAsync(ClusterResource.Deployment, Namespace, RolloutNames.NodeDeployment, new JsonObject { ["spec"] = spec }, null, null, cancellationToken).ConfigureAwait(false);
        return Read(await _connection.GetAsync<V1Deployment>(Namespace, RolloutNames.NodeDeployment, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>The JSON merge patch (RFC 7396) that makes <paramref name="wanted"/> of <paramref name="live"/>: null for what has to go, lists as a whole.</summary>
    internal static JsonObject MergeDifference(JsonObject live, JsonObject wanted)
    {
        var patch = new JsonObject();
        foreach (var (name, _) in live)
            if (!wanted.ContainsKey(name)) patch[name] = null;
        foreach (var (name, value) in wanted)
        {
            if (JsonNode.DeepEquals(live[name], value)) continue;
            patch[name] = value is JsonObject inner && live[name] is JsonObject there ? MergeDifference(there, inner) : value?.DeepClone();
        }
        return patch;
    }

    public Task<IReadOnlyList<DwcpApproval>> ListApprovalsAsync(CancellationToken cancellationToken) =>
        _connection.ListAsync<DwcpApproval>(Namespace, null, null, cancellationToken);

    public Task<DwcpApproval> CreateApprovalAsync(DwcpApproval approval, CancellationToken cancellationToken) => _connection.CreateAsync(approval, Namespace, cancellationToken);

    public async Task<ValidationRecord?> ReadValidationAsync(CancellationToken cancellationToken)
    {
        if (await _connection.FindAsync(ClusterResource.ConfigMap, Namespace, RolloutNames.ValidationConfigMap, cancellationToken).ConfigureAwait(false) is not { } map) return null;
        var data = map["data"];
        var text = data?["time"]?.ToString();
        if (data?["decision"]?.ToString() is not { Length: > 0 } decision || data["release"]?.ToString() is not { Length: > 0 } release
            || !DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time))
            throw new DwcpRolloutException("UnreadableValidation",
                $"ConfigMap {Namespace}/{RolloutNames.ValidationConfigMap} lacks decision, release or time (it reads '{text}'). Run Invoke-DwcpValidation again.");
        return new ValidationRecord
        {
            Decision = decision, Release = release, Time = time, ApprovedBy = data["approvedBy"]?.ToString() is { Length: > 0 } name ? name : null,
            Mismatch = await MismatchAsync(data["images"]?.ToString(), data["manifests"]?.ToString(), cancellationToken).ConfigureAwait(false),
        };
    }

    /// <summary>A decision is about images and manifests, not about a name: what runs now must be what was validated.</summary>
    private async Task<string?> MismatchAsync(string? images, string? manifests, CancellationToken cancellationToken)
    {
        if (!string.IsNullOrEmpty(manifests) && await StagingRecord.ReadAsync(_connection, Namespace, cancellationToken).ConfigureAwait(false) is { } staged && staged.ManifestHash != manifests)
            return "other manifests were validated than are deployed now";
        if (string.IsNullOrEmpty(images)) return null;
        var pods = await _connection.ListAsync(ClusterResource.Pod, Namespace, "app.kubernetes.io/name=dwcp-v3", cancellationToken: cancellationToken).ConfigureAwait(false);
        var running = pods.Where(WorkloadWaiter.IsReady)
            .SelectMany(pod => (pod["status"]?["containerStatuses"] as JsonArray ?? []).Select(container => StagingReader.Digest(container?["imageID"]?.ToString())))
            .OfType<string>().Distinct().Order(StringComparer.Ordinal);
        return string.Join(' ', running) == images ? null : "other images were validated than run now";
    }

    public async Task<RolloutDocument?> ReadDocumentAsync(string name, CancellationToken cancellationToken) =>
        await _connection.FindAsync(ClusterResource.ConfigMap, Namespace, name, cancellationToken).ConfigureAwait(false) is { } map ? ReadDocument(name, map) : null;

    public async Task<RolloutDocument> WriteDocumentAsync(RolloutDocument document, CancellationToken cancellationToken)
    {
        var metadata = new JsonObject
        {
            ["name"] = document.Name,
            ["namespace"] = Namespace,
            ["labels"] = new JsonObject { ["app.kubernetes.io/part-of"] = "novacron-dwcp", ["app.kubernetes.io/component"] = "rollout" },
        };
        if (document.Revision is not null) metadata["resourceVersion"] = document.Revision;
        var map = new JsonObject { ["apiVersion"] = "v1", ["kind"] = "ConfigMap", ["metadata"] = metadata };
        if (document.Text.Length <= LongestPlainDocument) map["data"] = new JsonObject { [DocumentKey] = document.Text };
        else map["binaryData"] = new JsonObject { [CompressedDocumentKey] = Convert.ToBase64String(Compress(document.Text)) };
        return ReadDocument(document.Name, await ConflictsAsync($"ConfigMap {Namespace}/{document.Name}",
            () => document.Revision is null ? _connection.CreateAsync(map, Namespace, cancellationToken) : _connection.ReplaceAsync(map, Namespace, null, cancellationToken)).ConfigureAwait(false));
    }

    public async Task RecordEventAsync(string type, string reason, string message, CancellationToken cancellationToken)
    {
        var rollout = await _connection.FindAsync(ClusterResource.DwcpRollout, Namespace, RolloutNames.Rollout, cancellationToken).ConfigureAwait(false);
        var involved = rollout is null
            ? new JsonObject { ["apiVersion"] = "v1", ["kind"] = "ConfigMap", ["name"] = RolloutNames.ConfigMap, ["namespace"] = Namespace }
            : new JsonObject
            {
                ["apiVersion"] = ClusterResource.DwcpRollout.ApiVersion, ["kind"] = DwcpRollout.KindName, ["name"] = RolloutNames.Rollout, ["namespace"] = Namespace,
                ["uid"] = rollout["metadata"]?["uid"]?.ToString(), ["resourceVersion"] = rollout["metadata"]?["resourceVersion"]?.ToString(),
            };
        var now = _time.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        await _connection.CreateAsync(new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Event",
            ["metadata"] = new JsonObject { ["generateName"] = RolloutNames.Rollout + "-", ["namespace"] = Namespace },
            ["involvedObject"] = involved,
            ["type"] = type,
            ["reason"] = reason,
            // The API server refuses longer messages.
            ["message"] = message.Length <= 1024 ? message : message[..1021] + "...",
            ["firstTimestamp"] = now,
            ["lastTimestamp"] = now,
            ["count"] = 1,
            ["source"] = new JsonObject { ["component"] = "dwcp-rollout" },
        }, Namespace, cancellationToken).ConfigureAwait(false);
    }

    public async Task<GuardianLease?> ReadLeaseAsync(CancellationToken cancellationToken) =>
        await _connection.FindAsync<V1Lease>(Namespace, RolloutNames.Lease, cancellationToken).ConfigureAwait(false) is { } lease ? Read(lease) : null;

    public async Task<GuardianLease> WriteLeaseAsync(GuardianLease lease, CancellationToken cancellationToken)
    {
        var metadata = new JsonObject { ["name"] = RolloutNames.Lease, ["namespace"] = Namespace };
        if (lease.Revision is not null) metadata["resourceVersion"] = lease.Revision;
        var spec = new JsonObject
        {
            ["holderIdentity"] = lease.Holder ?? "", ["leaseDurationSeconds"] = Math.Max(1, (int)Math.Ceiling(lease.Duration.TotalSeconds)), ["leaseTransitions"] = lease.Transitions,
        };
        if (lease.AcquiredAt is { } acquired) spec["acquireTime"] = MicroTime(acquired);
        if (lease.RenewedAt is { } renewed) spec["renewTime"] = MicroTime(renewed);
        var document = new JsonObject { ["apiVersion"] = "coordination.k8s.io/v1", ["kind"] = "Lease", ["metadata"] = metadata, ["spec"] = spec };
        return Read(ClusterConnection.Typed<V1Lease>(await ConflictsAsync($"Lease {Namespace}/{RolloutNames.Lease}", () => lease.Revision is null
            ? _connection.CreateAsync(document, Namespace, cancellationToken)
            : _connection.ReplaceAsync(document, Namespace, null, cancellationToken)).ConfigureAwait(false)));

        // metav1.MicroTime takes exactly six digits; KubernetesClient leaves them out at a full second, and then the server refuses the whole Lease.
        static string MicroTime(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);
    }

    /// <summary>The node itself: a mesh's or a cluster's injected sidecar is not judged.</summary>
    private static V1ContainerStatus? NodeContainer(V1Pod pod) => pod.Status?.ContainerStatuses?.FirstOrDefault(container => container.Name == RolloutNames.NodeContainer);

    private const string DocumentKey = "document.json";

    private const string CompressedDocumentKey = "document.json.gz";

    /// <summary>Longer documents are compressed: the counters of a thousand pods are 0.7 MB of JSON, and a ConfigMap holds 1 MiB.</summary>
    private const int LongestPlainDocument = 64 << 10;

    /// <summary>Most characters of a document that is read back; more would not be ours.</summary>
    private const int LongestDocument = 32 << 20;

    private static RolloutDocument ReadDocument(string name, JsonObject map)
    {
        var text = map["binaryData"]?[CompressedDocumentKey]?.ToString() is { } packed ? Expand(name, packed) : map["data"]?[DocumentKey]?.ToString() ?? "{}";
        return new RolloutDocument(name, text, map["metadata"]?["resourceVersion"]?.ToString());
    }

    private static byte[] Compress(string text)
    {
        using var buffer = new MemoryStream();
        using (var gzip = new GZipStream(buffer, CompressionLevel.Fastest)) gzip.Write(Encoding.UTF8.GetBytes(text));
        return buffer.ToArray();
    }

    /// <exception cref="DwcpRolloutException">It is not what <see cref="Compress"/> makes.</exception>
    private static string Expand(string name, string packed)
    {
        try
        {
            using var gzip = new GZipStream(new MemoryStream(Convert.FromBase64String(packed)), CompressionMode.Decompress);
            using var reader = new StreamReader(gzip, Encoding.UTF8);
            var text = new StringBuilder();
            var part = new char[64 << 10];
            for (int read; (read = reader.ReadBlock(part)) > 0;)
            {
                if (text.Length + read > LongestDocument) throw new InvalidDataException($"it holds more than {LongestDocument} characters");
                text.Append(part, 0, read);
            }
            return text.ToString();
        }
        catch (Exception e) when (e is FormatException or InvalidDataException)
        {
            throw new DwcpRolloutException("UnreadableDocument", $"ConfigMap {name} cannot be read: {e.Message}. Delete it; what it held is lost.", e);
        }
    }

    private static GuardianLease Read(V1Lease lease) => new()
    {
        Holder = lease.Spec?.HolderIdentity,
        Duration = TimeSpan.FromSeconds(lease.Spec?.LeaseDurationSeconds ?? 0),
        AcquiredAt = Time(lease.Spec?.AcquireTime),
        RenewedAt = Time(lease.Spec?.RenewTime),
        Transitions = lease.Spec?.LeaseTransitions ?? 0,
        Revision = lease.Metadata.ResourceVersion,
    };

    private static DateTimeOffset? Time(DateTime? time) => time is { } value ? new DateTimeOffset(DateTime.SpecifyKind(value, DateTimeKind.Utc)) : null;

    private static RolloutDeployment Read(V1Deployment deployment) => new()
    {
        Desired = deployment.Spec.Replicas ?? 1,
        Ready = deployment.Status?.ReadyReplicas ?? 0,
        Available = deployment.Status?.AvailableReplicas ?? 0,
        Updated = deployment.Status?.UpdatedReplicas ?? 0,
        Replicas = deployment.Status?.Replicas ?? 0,
        Generation = deployment.Metadata.Generation ?? 0,
        ObservedGeneration = deployment.Status?.ObservedGeneration ?? 0,
        RestartMark = deployment.Spec.Template?.Metadata?.Annotations is { } annotations && annotations.TryGetValue(RolloutNames.RestartAnnotation, out var mark) ? mark : null,
    };

    private static RolloutConfiguration ReadConfiguration(JsonObject map)
    {
        var data = map["data"];
        var annotations = map["metadata"]?["annotations"];
        string? unreadable = null;
        return new RolloutConfiguration
        {
            Flag = Percent(RolloutNames.FlagKey),
            Ceiling = Percent(RolloutNames.CeilingKey),
            Unreadable = unreadable,
            V1Disabled = data?[RolloutNames.V1Key]?.ToString().Trim() == "disabled",
            V1Archive = annotations?[RolloutNames.V1ArchiveAnnotation]?.ToString() is { Length: > 0 } archive ? archive : null,
            Release = data?["DWCP_VERSION"]?.ToString(),
            LockedBy = annotations?[RolloutNames.LockAnnotation]?.ToString() is { Length: > 0 } incident ? incident : null,
            LockReason = annotations?[RolloutNames.LockReasonAnnotation]?.ToString(),
            LockTrigger = annotations?[RolloutNames.LockTriggerAnnotation]?.ToString(),
            Completed = annotations?[RolloutNames.CompletedAnnotation]?.ToString(),
            Revision = map["metadata"]?["resourceVersion"]?.ToString() ?? "",
        };

        int? Percent(string key)
        {
            var text = data?[key]?.ToString();
            if (text is null) return 0;
            if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var percent) && percent <= 100) return percent;
            unreadable = text;
            return null;
        }
    }

    /// <summary>
    /// No connection to the pod's address: refused, unreachable, or silently dropped as by a NetworkPolicy or a dead machine. The last one ends at
    /// ConnectTimeout, which SocketsHttpHandler reports as a cancellation that carries a TimeoutException.
    /// </summary>
    private static bool CouldNotConnect(Exception e) =>
        e is HttpRequestException { InnerException: SocketException or TimeoutException } or OperationCanceledException { InnerException: TimeoutException };

    private static async Task<PodAnswer> GetDirectlyAsync(string address, int port, string path, CancellationToken cancellationToken)
    {
        var host = address.Contains(':', StringComparison.Ordinal) ? $"[{address}]" : address;
        using var response = await Direct.GetAsync(new Uri(string.Create(CultureInfo.InvariantCulture, $"http://{host}:{port}{path}")), cancellationToken).ConfigureAwait(false);
        return new PodAnswer((int)response.StatusCode, await response.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false));
    }

    private async Task<PodAnswer> GetThroughProxyAsync(RolloutPod pod, int port, string path, CancellationToken cancellationToken)
    {
        var response = await _connection.GetFromPodAsync(Namespace, pod.Name, port, path, null, ProxyTimeout, cancellationToken).ConfigureAwait(false);
        return new PodAnswer((int)response.StatusCode, response.Text);
    }

    private static async Task<T> ConflictsAsync<T>(string target, Func<Task<T>> write)
    {
        try
        {
            return await write().ConfigureAwait(false);
        }
        catch (DwcpClusterException e) when (e.Failure == ClusterFailure.Conflict)
        {
            throw new RolloutConflictException(target, e);
        }
    }
}
