using System.Text;
using System.Text.Json.Nodes;
using NovaCron.Dwcp.Operations.Cluster;
using NovaCron.Dwcp.Operations.Staging;
using NovaCron.Dwcp.Operations.Staging.Infrastructure;
using NovaCron.Dwcp.Operations.Tests.Cluster;
using NovaCron.Dwcp.Operations.Tests.Staging;
using NovaCron.Dwcp.Operations.Validation;
using NovaCron.Dwcp.Operations.Validation.Probes;

namespace NovaCron.Dwcp.Operations.Tests.Validation;

/// <summary>A healthy deployment in memory, ready to be broken.</summary>
internal sealed class ValidationRig : IDisposable
{
    public const string Space = "api/v1/namespaces/staging";

    private static readonly Lazy<Task<FakeApiServer>> Healthy = new(DeployAsync);
    private static readonly Lazy<Task<FakeApiServer>> Approved = new(ApproveAsync);

    private ValidationRig(FakeApiServer server)
    {
        Server = server;
        Nodes = new FakeNodes(Server);
        Probe = new FakeTransferProbe(Nodes, () => Secret("client-api-key"));
        Connection = Server.Connect(new ClusterConnectionOptions { MaximumRetryDelay = TimeSpan.FromMilliseconds(1), MaximumAttempts = 2 });
    }

    public FakeApiServer Server { get; }

    public FakeNodes Nodes { get; }

    public FakeTransferProbe Probe { get; }

    public FakeAddressProbe Addresses { get; } = new();

    /// <summary>Given when the infrastructure is to be looked at.</summary>
    public string? TerraformDirectory { get; set; }

    /// <summary>What Terraform says; null: it cannot be asked.</summary>
    public InfrastructureState? Infrastructure { get; set; } = new(
        new[] { "region", "account", "cluster_name", "store_file_system_id", "data_address", "artifact_bucket" }.ToDictionary(n => n, n => (JsonNode?)n).Append(new("cluster_endpoint", "https://fake.test")).ToDictionary(),
        new InfrastructureDrift { Directory = "tf", Changes = [], LookedAt = DateTimeOffset.UnixEpoch });

    public ClusterConnection Connection { get; }

    /// <summary>Most of a log that is read.</summary>
    public long LogLimit { get; set; } = 1 << 20;

    /// <summary>A copy of the healthy deployment, which is made once, from the real manifests.</summary>
    public static async Task<ValidationRig> StartAsync() => Start(await Healthy.Value);

    /// <summary>As the other, with an approval recorded: GO as it stands.</summary>
    public static async Task<ValidationRig> StartApprovedAsync() => Start(await Approved.Value);

    private static ValidationRig Start(FakeApiServer from)
    {
        var rig = new ValidationRig(from.Copy());
        rig.Server.Put("apis/coordination.k8s.io/v1/namespaces/staging/leases/dwcp-v3-guardian", new JsonObject
        {
            ["apiVersion"] = "coordination.k8s.io/v1",
            ["kind"] = "Lease",
            ["metadata"] = new JsonObject { ["name"] = "dwcp-v3-guardian", ["namespace"] = "staging" },
            ["spec"] = new JsonObject { ["holderIdentity"] = "dwcp-v3-guardian-pod-0", ["renewTime"] = DateTimeOffset.UtcNow.AddSeconds(-1).ToString("O"), ["leaseDurationSeconds"] = 15 },
        });
        return rig;
    }

    private static async Task<FakeApiServer> DeployAsync()
    {
        var rig = new ValidationRig(new FakeApiServer());
        var digest = "@sha256:" + new string('a', 64);
        var values = new StagingValues
        {
            Image = "registry.test/dwcpd" + digest, RedisImage = "registry.test/redis" + digest, Monitoring = new MonitoringValues { Stack = "Bundled" },
        };
        await new StagingService(rig.Connection).DeployAsync(new StagingOptions { Values = values });
        // What an ingress controller does.
        rig.Server.Objects["apis/networking.k8s.io/v1/namespaces/staging/ingresses/dwcp-v3"]["status"] = new JsonObject
        {
            ["loadBalancer"] = new JsonObject { ["ingress"] = new JsonArray(new JsonObject { ["ip"] = "192.0.2.10" }) },
        };
        return rig.Server;
    }

    private static async Task<FakeApiServer> ApproveAsync()
    {
        using var rig = await StartAsync();
        await new ValidationRunner(rig.Connection).ApproveAsync(await rig.RunAsync(), "healthy");
        return rig.Server.Copy();
    }

    /// <summary>
    /// Time in which nodes must apply a flag: long, because a busy machine must not fail a check, and short only where a test breaks just that.
    /// </summary>
    public TimeSpan FlagDelay { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Time in which the rollback's drill must be done; as the other.</summary>
    public TimeSpan RollbackLimit { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>Time in which a test alert must arrive; as the other.</summary>
    public TimeSpan AlertPatience { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>All checks of the run are done.</summary>
    public bool HasEnded { get; private set; }

    public Task<DwcpValidationReport> RunAsync(ValidationOptions? options = null, CancellationToken token = default) => new ValidationRunner(Connection).RunAsync(
        Shape(options ?? new ValidationOptions { Profile = ValidationProfile.Rehearsal }), new Inline(p => HasEnded = p.Completed == p.Total), token);

    /// <summary>The options with this rig's doubles, and without its waits.</summary>
    public ValidationOptions Shape(ValidationOptions options) => options with
    {
        Profile = options.Profile with { MaximumFlagDelay = FlagDelay, MaximumRollback = RollbackLimit }, TransferProbe = Probe, FreshnessInterval = TimeSpan.FromMilliseconds(1), LogLimit = LogLimit,
        TerraformDirectory = TerraformDirectory, ReadInfrastructure = (_, _) => Infrastructure is { } state ? Task.FromResult(state) : throw new DwcpStagingException(StagingStage.Infrastructure, "terraform", "is not on PATH", "Install it."),
        AddressProbe = Addresses, AlertPatience = AlertPatience, DataPatience = TimeSpan.Zero, SiblingPatience = TimeSpan.Zero, PollInterval = TimeSpan.FromMilliseconds(1),
    };

    public string Secret(string key) => Encoding.UTF8.GetString(Convert.FromBase64String(Server.Get($"{Space}/secrets/dwcp-v3-secrets")["data"]![key]!.ToString()));

    public void SetSecret(string key, string? value) => Server.Change($"{Space}/secrets/dwcp-v3-secrets", s =>
    {
        if (value is null)
            ((JsonObject)s["data"]!).Remove(key);
        else
            s["data"]![key] = Convert.ToBase64String(Encoding.UTF8.GetBytes(value));
    });

    public void Config(string key, string? value) => Server.Change($"{Space}/configmaps/dwcp-v3-config", m =>
    {
        if (value is null)
            ((JsonObject)m["data"]!).Remove(key);
        else
            m["data"]![key] = value;
    });

    public static string Deployment(string name = "dwcp-v3") => $"apis/apps/v1/namespaces/staging/deployments/{name}";

    /// <summary>Edits the pod spec of a Deployment, whose pods follow.</summary>
    public void PodSpec(Action<JsonObject> change, string name = "dwcp-v3") => Server.Change(Deployment(name), d => change((JsonObject)d["spec"]!["template"]!["spec"]!));

    public void Container(Action<JsonObject> change, string name = "dwcp-v3") => PodSpec(p => change((JsonObject)p["containers"]![0]!), name);

    /// <summary>Edits a running pod only.</summary>
    public void Pod(Action<JsonObject> change, string name = "dwcp-v3-pod-0") => Server.Change($"{Space}/pods/{name}", change);

    public void Dispose()
    {
        Connection.Dispose();
        Server.Dispose();
    }

    private sealed class Inline(Action<ValidationProgress> action) : IProgress<ValidationProgress>
    {
        public void Report(ValidationProgress value) => action(value);
    }
}
