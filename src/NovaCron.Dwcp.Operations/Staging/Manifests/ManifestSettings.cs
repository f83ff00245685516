using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace NovaCron.Dwcp.Operations.Staging.Manifests;

/// <summary>What placeholders stand for: every value of <see cref="StagingValues"/> under its path in values.yaml, and the computed ones.</summary>
internal sealed class ManifestSettings
{
    /// <summary>Of TEST-NET-1, which is routed nowhere: an empty list of peers would mean "everybody".</summary>
    private const string NoNetwork = "192.0.2.1/32";

    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    private readonly Dictionary<string, JsonNode?> _values = new(StringComparer.Ordinal);

    public ManifestSettings(
        StagingValues values, string @namespace, bool isProduction, ClusterSurvey survey, string configurationHash, string redisHash)
    {
        Flatten("", JsonSerializer.SerializeToNode(values, Json)!);
        Set("namespace", @namespace);
        Set("environment", isProduction ? "production" : "staging");
        Set("configuration.hash", configurationHash);
        Set("configuration.redisHash", redisHash);
        Set("node.drainSeconds",
            Math.Max(1, values.Node.TerminationGraceSeconds - values.Node.PreStopSeconds - 5).ToString(CultureInfo.InvariantCulture));
        Set("storage.accessMode", values.Storage.AccessMode == StorageValues.AutomaticAccessMode ? survey.AccessMode : values.Storage.AccessMode);
        _values["service.httpPortOnNodes"] = values.Service.HttpNodePort == 0 ? null : values.Service.HttpNodePort;
        _values["service.dataPortOnNodes"] = values.Service.DataNodePort == 0 ? null : values.Service.DataNodePort;
        SetMonitoring(values.Monitoring, @namespace);
        SetDatacenter(values.Datacenter);
        _values["node.requests"] = Resources(values.Node.CpuRequest, values.Node.MemoryRequest, values.Datacenter);
        _values["node.limits"] = Resources(values.Node.CpuLimit, values.Node.MemoryLimit, values.Datacenter);
        _values["node.bindVariable"] = survey.HasIPv6 == true ? Variable("DWCP_BIND_ADDRESS", "::") : null;
        Set("storage.persistent", !values.Storage.Ephemeral);
        _values["redis.volume"] = values.Redis.Persistent
            ? new JsonObject { ["name"] = "data", ["persistentVolumeClaim"] = new JsonObject { ["claimName"] = "dwcp-v3-redis" } }
            : new JsonObject { ["name"] = "data", ["emptyDir"] = new JsonObject { ["sizeLimit"] = "256Mi" } };
        var isEfs = !string.IsNullOrEmpty(values.Storage.EfsFileSystem);
        Set("storage.isEfs", isEfs && !values.Storage.Ephemeral);
        // Classes belong to the whole cluster: one for each namespace, so that staging and production keep apart.
        _values["storage.class"] = isEfs ? $"dwcp-v3-store-{@namespace}" : string.IsNullOrEmpty(values.Storage.ClassName) ? null : values.Storage.ClassName;
        _values["storage.volume"] = values.Storage.Ephemeral
            ? new JsonObject { ["name"] = "store", ["emptyDir"] = new JsonObject { ["sizeLimit"] = values.Storage.Size } }
            : new JsonObject { ["name"] = "store", ["persistentVolumeClaim"] = new JsonObject { ["claimName"] = "dwcp-v3-store" } };
        var host = string.IsNullOrEmpty(values.Ingress.Host) ? $"dwcp-v3.{@namespace}.internal" : values.Ingress.Host;
        Set("ingress.host", host);
        _values["ingress.tls"] = string.IsNullOrEmpty(values.Ingress.TlsSecret)
            ? null
            : new JsonArray(new JsonObject { ["hosts"] = new JsonArray(host), ["secretName"] = values.Ingress.TlsSecret });
        _values["network.clients"] = Peers([.. values.Network.ClientCidrs.Where(c => survey.HasIPv6 != false || !c.Contains(':'))]);
        _values["network.controlPlane"] = Peers(values.Network.ControlPlaneCidrs.Count > 0 ? values.Network.ControlPlaneCidrs : survey.ControlPlaneCidrs);
        // Without a survey (export) the usual ports.
        IReadOnlyList<ServicePort> ports = survey.SystemPorts.Count > 0 ? survey.SystemPorts : [new(53, "TCP"), new(53, "UDP"), new(443, "TCP"), new(6443, "TCP")];
        _values["network.systemPorts"] = new JsonArray([.. ports.Select(p => new JsonObject { ["port"] = p.Port, ["protocol"] = p.Protocol })]);
        // What no registry has is on the machines, or it is nowhere: a pull could only bring something else of that name.
        Set("image.pullPolicy", StagingReader.IsOfMachines(values.Image) ? "Never" : values.ImagePullPolicy);
        _values["image.pullSecrets"] = string.IsNullOrEmpty(values.ImagePullSecret) ? null : new JsonArray(new JsonObject { ["name"] = values.ImagePullSecret });
    }

    private void SetDatacenter(DatacenterValues datacenter)
    {
        var isOn = datacenter.Networks.Count > 0;
        var (first, last) = datacenter.PortRange;
        _values["datacenter.networksVariable"] = isOn ? Variable("DWCP_BULK_NETWORKS", string.Join(',', datacenter.Networks)) : null;
        _values["datacenter.portsVariable"] = isOn ? Variable("DWCP_BULK_PORTS", datacenter.Ports) : null;
        _values["datacenter.identitiesVariable"] = datacenter.RdmaIdentities.Count > 0 ? Variable("DWCP_RDMA_IDENTITIES", string.Join(',', datacenter.RdmaIdentities)) : null;
        _values["datacenter.requireVariable"] = datacenter.RequireRdma ? Variable("DWCP_REQUIRE_RDMA", "1") : null;
        _values["datacenter.ingress"] = !isOn ? null : new JsonObject
        {
            ["from"] = Peers(datacenter.Networks),
            ["ports"] = new JsonArray(new JsonObject { ["port"] = first, ["endPort"] = last, ["protocol"] = "TCP" }),
        };
    }

    private static JsonObject Variable(string name, string value) => new() { ["name"] = name, ["value"] = value };

    private static JsonObject Resources(string cpu, string memory, DatacenterValues datacenter)
    {
        var resources = new JsonObject { ["cpu"] = cpu, ["memory"] = memory };
        if (!string.IsNullOrEmpty(datacenter.RdmaResource))
            resources[datacenter.RdmaResource] = datacenter.RdmaResourceCount.ToString(CultureInfo.InvariantCulture);
        return resources;
    }

    private void SetMonitoring(MonitoringValues monitoring, string @namespace)
    {
        var assets = new MonitoringAssets(monitoring, @namespace);
        Set("monitoring.any", monitoring.Stack != "None");
        Set("monitoring.bundled", monitoring.Stack == "Bundled");
        Set("monitoring.grafanaBundled", monitoring.Stack == "Bundled" && monitoring.Grafana);
        var nodeExporter = monitoring is { Stack: "Bundled", NodeExporter: true };
        Set("monitoring.nodeExporterBundled", nodeExporter);
        // In the host's network, so that it is no pod to a NetworkPolicy.
        _values["monitoring.nodeExporterEgress"] = nodeExporter ? new JsonObject { ["ports"] = new JsonArray(new JsonObject { ["port"] = 9100, ["protocol"] = "TCP" }) } : null;
        Set("monitoring.operator", monitoring.Stack == "Operator");
        Set("monitoring.dashboards", (monitoring.Stack == "Bundled" && monitoring.Grafana) || monitoring.Stack == "Operator");
        Set("monitoring.prometheusConfiguration", assets.PrometheusConfiguration);
        Set("monitoring.rules", assets.Rules);
        Set("monitoring.ruleGroups", assets.RuleGroups());
        Set("monitoring.alertmanagerConfiguration", assets.AlertmanagerConfiguration);
        Set("monitoring.dashboard", assets.Dashboard);
        Set("monitoring.hash", assets.Hash);
    }

    public bool TryGet(string name, out JsonNode? value) => _values.TryGetValue(name, out value);

    private void Set(string name, JsonNode value) => _values[name] = value;

    private void Flatten(string prefix, JsonNode node)
    {
        foreach (var (key, value) in (JsonObject)node)
        {
            if (value is JsonObject nested)
                Flatten($"{prefix}{key}.", nested);
            else
                _values[prefix + key] = value is JsonValue text && text.TryGetValue<string>(out var s) && s.Length == 0 ? null : value?.DeepClone();
        }
    }

    private static JsonArray Peers(IReadOnlyList<string> cidrs) =>
        new([.. (cidrs.Count == 0 ? [NoNetwork] : cidrs).Select(c => new JsonObject { ["ipBlock"] = new JsonObject { ["cidr"] = c } })]);
}
