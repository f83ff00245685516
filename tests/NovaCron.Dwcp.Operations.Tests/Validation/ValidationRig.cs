using System.Text;
using System.Text.Json.Nodes;
using NovaCron.Dwcp.Operations.Cluster;
using NovaCron.Dwcp.Operations.Staging;
using NovaCron.Dwcp.Operations.Tests.Cluster;
using NovaCron.Dwcp.Operations.Tests.Staging;
using NovaCron.Dwcp.Operations.Validation;

namespace NovaCron.Dwcp.Operations.Tests.Validation;

/// <summary>A healthy deployment in memory, ready to be broken.</summary>
internal sealed class ValidationRig : IDisposable
{
    public const string Space = "api/v1/namespaces/staging";

    private ValidationRig()
    {
        Server = new FakeApiServer();
        Nodes = new FakeNodes(Server);
        Probe = new FakeTransferProbe(Nodes, () => Secret("client-api-key"));
        Connection = Server.Connect(new ClusterConnectionOptions { MaximumRetryDelay = TimeSpan.FromMilliseconds(1), MaximumAttempts = 2 });
    }

    public FakeApiServer Server { get; }

    public FakeNodes Nodes { get; }

    public FakeTransferProbe Probe { get; }

    public ClusterConnection Connection { get; }

    public static async Task<ValidationRig> StartAsync()
    {
        var rig = new ValidationRig();
        var digest = "@sha256:" + new string('a', 64);
        var values = new StagingValues { Image = "registry.test/dwcpd" + digest, RedisImage = "registry.test/redis" + digest };
        await new StagingService(rig.Connection).DeployAsync(new StagingOptions { Values = values });
        rig.Server.Put("apis/coordination.k8s.io/v1/namespaces/staging/leases/dwcp-v3-guardian", new JsonObject
        {
            ["apiVersion"] = "coordination.k8s.io/v1",
            ["kind"] = "Lease",
            ["metadata"] = new JsonObject { ["name"] = "dwcp-v3-guardian", ["namespace"] = "staging" },
            ["spec"] = new JsonObject { ["holderIdentity"] = "dwcp-v3-guardian-pod-0", ["renewTime"] = DateTimeOffset.UtcNow.AddSeconds(-1).ToString("O"), ["leaseDurationSeconds"] = 15 },
        });
        return rig;
    }

    public Task<DwcpValidationReport> RunAsync(ValidationOptions? options = null, CancellationToken token = default) => new ValidationRunner(Connection).RunAsync(
        (options ?? new ValidationOptions { Profile = ValidationProfile.Rehearsal }) with { TransferProbe = Probe, FreshnessInterval = TimeSpan.FromMilliseconds(1) }, null, token);

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
}
