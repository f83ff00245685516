using System.Text.Json;
using System.Text.Json.Nodes;
using k8s.Models;
using NovaCron.Dwcp.Operations.Cluster;
using NovaCron.Dwcp.Operations.Metrics;
using NovaCron.Dwcp.Operations.Rollout;
using NodeMetrics = NovaCron.Dwcp.Operations.Metrics.NodeMetrics;

namespace NovaCron.Dwcp.Operations.Tests.Rollout;

/// <summary>A cluster in memory with real revisions and conflicts, whose every call can fail, or be the last one of the process that makes it.</summary>
internal sealed class InMemoryRolloutCluster : IRolloutCluster
{
    private readonly TimeProvider _time;
    private readonly Dictionary<string, RolloutDocument> _documents = [];
    private readonly List<DwcpApproval> _approvals = [];
    private long _revision = 100;
    private int _podNumber;
    private string? _rollout;
    private string _flag = "0";
    private string _ceiling = "0";
    private string? _lockedBy;
    private string? _lockReason;
    private string? _lockTrigger;
    private string? _completed;
    private string _configurationRevision = "100";
    private GuardianLease? _lease;
    private string? _restartMark;
    private bool _v1Disabled;
    private string? _v1Archive;
    private string _image = "registry.example/dwcpd@sha256:with-v1";

    public InMemoryRolloutCluster(TimeProvider time, int pods = 2)
    {
        _time = time;
        for (var i = 0; i < pods; i++) AddNode();
    }

    public string Namespace => "staging";

    public string User { get; set; } = "alice";

    public string Release { get; set; } = "3.0.0";

    public ValidationRecord? Validation { get; set; }

    public List<SimulatedNode> Nodes { get; } = [];

    public List<(string Type, string Reason, string Message)> Events { get; } = [];

    public List<string> DeletedPods { get; } = [];

    public int Restarted { get; private set; }

    /// <summary>What Prometheus answers; null: the pods' own pages, as it would if it had scraped this moment.</summary>
    public Func<PrometheusReading>? Prometheus { get; set; }

    /// <summary>Calls made so far.</summary>
    public int Calls { get; private set; }

    /// <summary>Number of the call at which the process dies; its effect is kept when <see cref="KillAfterEffect"/>.</summary>
    public int? KillAt { get; set; }

    public bool KillAfterEffect { get; set; }

    /// <summary>The API server answers nothing (pods still do).</summary>
    public bool ApiDown { get; set; }

    /// <summary>That many writes of the ConfigMap meet a conflict first.</summary>
    public int ConflictsToCome { get; set; }

    /// <summary>Highest effective percent that was ever in force on a node, or since a test set it back.</summary>
    public int HighestPercent { get; set; }

    public int Flag => int.TryParse(_flag, out var flag) ? flag : 0;

    public int Ceiling => int.TryParse(_ceiling, out var ceiling) ? ceiling : 0;

    public string? LockedBy => _lockedBy;

    public bool V1Disabled => _v1Disabled;

    public string? V1Archive => _v1Archive;

    /// <summary>What the nodes run. An image whose name holds "v1-free" has no v1.</summary>
    public string Image => _image;

    /// <summary>New pods of this image never become ready.</summary>
    public string? BadImage { get; set; }

    /// <summary>No machine has room for a pod more, so that a restart makes one that waits.</summary>
    public bool NoRoom { get; set; }

    /// <summary>Most replicas of the autoscaler.</summary>
    public int? MaximumReplicas { get; set; } = 10;

    public string ConfigurationRevision => _configurationRevision;

    public DwcpRollout? Rollout => _rollout is null ? null : Read();

    public IReadOnlyDictionary<string, RolloutDocument> Documents => _documents;

    public SimulatedNode AddNode()
    {
        _podNumber++;
        var node = new SimulatedNode($"dwcp-v3-{_podNumber}", $"uid-{_podNumber}", _time.GetUtcNow())
        {
            HasV1 = !_image.Contains("v1-free", StringComparison.Ordinal), Ready = _image != BadImage,
        };
        Nodes.Add(node);
        Propagate();
        return node;
    }

    /// <summary>Somebody with kubectl.</summary>
    public void PatchByHand(string? flag = null, string? ceiling = null, bool? v1Disabled = null)
    {
        _v1Disabled = v1Disabled ?? _v1Disabled;
        _flag = flag ?? _flag;
        _ceiling = ceiling ?? _ceiling;
        _configurationRevision = Next();
        Propagate();
    }

    public void DeleteRollout() => _rollout = null;

    /// <summary>Somebody changes the rollout's metadata: every writer who has read it before meets a conflict.</summary>
    public void TouchRollout()
    {
        if (_rollout is not null) Store(Read());
    }

    /// <summary>The numbered documents of old entries, then the entries that the status holds.</summary>
    public IReadOnlyList<RolloutHistoryEntry> WholeHistory() =>
    [
        .. _documents.Where(document => document.Key.StartsWith(RolloutNames.HistoryConfigMapPrefix, StringComparison.Ordinal)).OrderBy(document => document.Key, StringComparer.Ordinal)
            .SelectMany(document => JsonSerializer.Deserialize<List<RolloutHistoryEntry>>(document.Value.Text, RolloutJson.Options)!),
        .. Rollout?.Status?.History ?? [],
    ];

    public void Approve(string phase, string approver)
    {
        _approvals.Add(new DwcpApproval
        {
            Metadata = new V1ObjectMeta { Name = $"{phase}-{_approvals.Count}", CreationTimestamp = _time.GetUtcNow().UtcDateTime },
            Spec = new DwcpApprovalSpec { Phase = phase, Approver = approver, Release = Release, Reason = "looks good" },
        });
    }

    /// <summary>One second of traffic: sticky split by the percent that every node applies.</summary>
    public void Serve(Random random, double requestsPerSecond, double v3FailShare, double v3SlowShare = 0)
    {
        var serving = Nodes.Where(node => node is { Ready: true, Hung: false }).ToList();
        if (serving.Count == 0) return;
        for (var i = 0; i < requestsPerSecond; i++)
        {
            var node = serving[random.Next(serving.Count)];
            var v3 = random.NextDouble() * 100 < node.Effective;
            node.Serve(v3, v3 && random.NextDouble() < v3FailShare, v3 && random.NextDouble() < v3SlowShare);
        }
    }

    public Task<string> ReadIdentityAsync(CancellationToken cancellationToken) => Call(() => User);

    public Task<DwcpRollout?> ReadRolloutAsync(CancellationToken cancellationToken) => Call(() => Rollout);

    public Task<DwcpRollout> WriteRolloutAsync(DwcpRollout rollout, CancellationToken cancellationToken) => Call(() =>
    {
        var stored = Rollout;
        if (stored?.Metadata.ResourceVersion != rollout.Metadata.ResourceVersion) throw new RolloutConflictException("DwcpRollout");
        var copy = Copy(rollout);
        copy.Status = stored?.Status;
        copy.Metadata.Uid = stored?.Metadata.Uid ?? "rollout-" + Next();
        copy.Metadata.Generation = (stored?.Metadata.Generation ?? 0) + 1;
        return Store(copy);
    });

    public Task<DwcpRollout> WriteRolloutStatusAsync(DwcpRollout rollout, CancellationToken cancellationToken) => Call(() =>
    {
        var stored = Rollout ?? throw NotFound("DwcpRollout");
        if (stored.Metadata.ResourceVersion != rollout.Metadata.ResourceVersion) throw new RolloutConflictException("DwcpRollout");
        stored.Status = Copy(rollout).Status;
        return Store(stored);
    });

    public Task<RolloutConfiguration?> ReadConfigurationAsync(CancellationToken cancellationToken) => Call(() => (RolloutConfiguration?)Configuration());

    public Task<RolloutConfiguration> PatchConfigurationAsync(RolloutConfigurationPatch patch, CancellationToken cancellationToken) => Call(() =>
    {
        if (ConflictsToCome > 0)
        {
            ConflictsToCome--;
            throw new RolloutConflictException("ConfigMap");
        }
        if (patch.Revision is not null && patch.Revision != _configurationRevision) throw new RolloutConflictException("ConfigMap");
        var before = Configuration();
        if (patch.Flag is { } flag) _flag = flag.ToString(System.Globalization.CultureInfo.InvariantCulture);
        if (patch.Ceiling is { } ceiling) _ceiling = ceiling.ToString(System.Globalization.CultureInfo.InvariantCulture);
        if (patch.V1Enabled is { } v1) _v1Disabled = !v1;
        if (patch.V1Archive is { } archive) _v1Archive = archive.Length == 0 ? null : archive;
        if (patch.LockedBy is { } incident) _lockedBy = incident.Length == 0 ? null : incident;
        if (patch.LockReason is { } reason) _lockReason = reason.Length == 0 ? null : reason;
        if (patch.LockTrigger is { } trigger) _lockTrigger = trigger.Length == 0 ? null : trigger;
        if (patch.Completed is { } completed) _completed = completed;
        if (Configuration() != before) _configurationRevision = Next();
        Propagate();
        return Configuration();
    });

    public Task<IReadOnlyList<RolloutPod>> ListPodsAsync(CancellationToken cancellationToken) =>
        Call(() => (IReadOnlyList<RolloutPod>)[.. Nodes.Select(node => node.Describe())]);

    public Task DeletePodAsync(string pod, CancellationToken cancellationToken) => Call(() =>
    {
        DeletedPods.Add(pod);
        if (Nodes.RemoveAll(node => node.Name == pod) > 0) AddNode();
        return true;
    });

    public Task<string> ReadPodLogAsync(string pod, bool previous, CancellationToken cancellationToken) => Call(() => $"log of {pod}\n");

    public Task<PodAnswer> GetFromPodAsync(RolloutPod pod, int port, string path, CancellationToken cancellationToken)
    {
        Count();
        if (KillAt == Calls) throw new ProcessKilledException();
        return Nodes.FirstOrDefault(node => node.Uid == pod.Uid) is { } node
            ? node.GetAsync(port, path, cancellationToken)
            : throw new HttpRequestException("connection refused");
    }

    public Task<PrometheusReading> ReadPrometheusAsync(Uri address, CancellationToken cancellationToken) => Call(() => Prometheus?.Invoke() ?? Scrape(TimeSpan.Zero));

    /// <summary>The pages of all pods that are alive, as a Prometheus that scraped them at this moment would tell them later.</summary>
    public PrometheusReading Scrape(TimeSpan age) => new(Nodes.Where(node => !node.Hung).ToDictionary(node => node.Name, node => new PrometheusPod(NodeMetrics.Parse(node.Page()), age, null)));

    public Task<RolloutDeployment?> ReadDeploymentAsync(CancellationToken cancellationToken) => Call(() => (RolloutDeployment?)Deployment());

    public Task<RolloutDeployment> RestartDeploymentAsync(string mark, CancellationToken cancellationToken) => Call(() =>
    {
        if (_restartMark != mark)
        {
            _restartMark = mark;
            Restarted++;
            if (NoRoom)
            {
                var waiting = AddNode();
                (waiting.Ready, waiting.Unschedulable) = (false, true);
            }
            else
            {
                ReplaceNodes();
            }
        }
        return Deployment();
    });

    public Task<JsonObject> ReadNodeTemplateAsync(CancellationToken cancellationToken) => Call(() => new JsonObject
    {
        ["spec"] = new JsonObject { ["containers"] = new JsonArray(new JsonObject { ["name"] = RolloutNames.NodeContainer, ["image"] = _image }) },
    });

    public Task<RolloutDeployment> DeployNodesAsync(JsonObject template, string mark, CancellationToken cancellationToken) => Call(() =>
    {
        _restartMark = mark;
        _image = template["spec"]!["containers"]![0]!["image"]!.ToString();
        ReplaceNodes();
        return Deployment();
    });

    public Task<RolloutCapacity?> ReadCapacityAsync(CancellationToken cancellationToken) =>
        Call(() => (RolloutCapacity?)new RolloutCapacity { Desired = Deployment().Desired, Available = Deployment().Available, MaximumReplicas = MaximumReplicas });

    private void ReplaceNodes()
    {
        var count = Nodes.Count;
        Nodes.Clear();
        for (var i = 0; i < count; i++) AddNode();
    }

    public Task<IReadOnlyList<DwcpApproval>> ListApprovalsAsync(CancellationToken cancellationToken) => Call(() => (IReadOnlyList<DwcpApproval>)[.. _approvals]);

    public Task<DwcpApproval> CreateApprovalAsync(DwcpApproval approval, CancellationToken cancellationToken) => Call(() =>
    {
        Approve(approval.Spec.Phase, approval.Spec.Approver);
        return _approvals[^1];
    });

    public Task<ValidationRecord?> ReadValidationAsync(CancellationToken cancellationToken) => Call(() => Validation);

    public Task<RolloutDocument?> ReadDocumentAsync(string name, CancellationToken cancellationToken) => Call(() => _documents.GetValueOrDefault(name));

    public Task<RolloutDocument> WriteDocumentAsync(RolloutDocument document, CancellationToken cancellationToken) => Call(() =>
    {
        if (_documents.GetValueOrDefault(document.Name)?.Revision != document.Revision) throw new RolloutConflictException(document.Name);
        return _documents[document.Name] = document with { Revision = Next() };
    });

    public Task RecordEventAsync(string type, string reason, string message, CancellationToken cancellationToken) => Call(() =>
    {
        Events.Add((type, reason, message));
        return true;
    });

    public Task<GuardianLease?> ReadLeaseAsync(CancellationToken cancellationToken) => Call(() => _lease);

    public Task<GuardianLease> WriteLeaseAsync(GuardianLease lease, CancellationToken cancellationToken) => Call(() =>
    {
        if (_lease?.Revision != lease.Revision) throw new RolloutConflictException("Lease");
        return _lease = lease with { Revision = Next() };
    });

    private Task<T> Call<T>(Func<T> effect)
    {
        Count();
        if (KillAt == Calls && !KillAfterEffect) throw new ProcessKilledException();
        if (ApiDown)
            throw new DwcpClusterException(ClusterFailure.Unreachable, "API server", "no connection", "Wait.");
        var result = effect();
        if (KillAt == Calls) throw new ProcessKilledException();
        return Task.FromResult(result);
    }

    private void Count() => Calls++;

    private string Next() => (++_revision).ToString(System.Globalization.CultureInfo.InvariantCulture);

    private void Propagate()
    {
        foreach (var node in Nodes)
        {
            node.Apply(Flag, Ceiling, _configurationRevision, _v1Disabled);
            HighestPercent = Math.Max(HighestPercent, node.Effective);
        }
    }

    private RolloutConfiguration Configuration() => new()
    {
        Flag = int.TryParse(_flag, out var flag) ? flag : null, Ceiling = int.TryParse(_ceiling, out var ceiling) ? ceiling : null,
        Unreadable = int.TryParse(_flag, out _) ? null : _flag, Release = Release, LockedBy = _lockedBy, LockReason = _lockReason, LockTrigger = _lockTrigger, Completed = _completed,
        Revision = _configurationRevision, V1Disabled = _v1Disabled, V1Archive = _v1Archive,
    };

    private RolloutDeployment Deployment()
    {
        var ready = Nodes.Count(node => node.Ready);
        return new RolloutDeployment
        {
            Desired = Nodes.Count, Ready = ready, Available = ready, Updated = Nodes.Count, Replicas = Nodes.Count, RestartMark = _restartMark,
        };
    }

    private DwcpRollout Store(DwcpRollout rollout)
    {
        rollout.Metadata.ResourceVersion = Next();
        _rollout = k8s.KubernetesJson.Serialize(rollout);
        return Read();
    }

    private DwcpRollout Read() => k8s.KubernetesJson.Deserialize<DwcpRollout>(_rollout!);

    private static DwcpRollout Copy(DwcpRollout rollout) => k8s.KubernetesJson.Deserialize<DwcpRollout>(k8s.KubernetesJson.Serialize(rollout));

    private static DwcpClusterException NotFound(string target) => new(ClusterFailure.NotFound, target, "not found", "Create it.");
}
