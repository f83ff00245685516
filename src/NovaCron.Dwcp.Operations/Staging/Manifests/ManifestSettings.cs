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
        Set("storage.persistent", !values.Storage.Ephemeral);
        _values["storage.volume"] = values.Storage.Ephemeral
            ? new JsonObject { ["name"] = "store", ["emptyDir"] = new JsonObject { ["sizeLimit"] = values.Storage.Size } }
            : new JsonObject { ["name"] = "store", ["persistentVolumeClaim"] = new JsonObject { ["claimName"] = "dwcp-v3-store" } };
        var host = string.IsNullOrEmpty(values.Ingress.Host) ? $"dwcp-v3.{@namespace}.internal" : values.Ingress.Host;
        Set("ingress.host", host);
        _values["ingress.tls"] = string.IsNullOrEmpty(values.Ingress.TlsSecret)
            ? null
            : new JsonArray(new JsonObject { ["hosts"] = new JsonArray(host), ["secretName"] = values.Ingress.TlsSecret });
        _values["network.clients"] = Peers(values.Network.ClientCidrs);
        _values["network.controlPlane"] = Peers(values.Network.ControlPlaneCidrs.Count > 0 ? values.Network.ControlPlaneCidrs : survey.ControlPlaneCidrs);
        // Without a survey (export) the usual ports.
        IReadOnlyList<ServicePort> ports = survey.SystemPorts.Count > 0 ? survey.SystemPorts : [new(53, "TCP"), new(53, "UDP"), new(443, "TCP"), new(6443, "TCP")];
        _values["network.systemPorts"] = new JsonArray([.. ports.Select(p => new JsonObject { ["port"] = p.Port, ["protocol"] = p.Protocol })]);
        _values["image.pullSecrets"] = string.IsNullOrEmpty(values.ImagePullSecret) ? null : new JsonArray(new JsonObject { ["name"] = values.ImagePullSecret });
    }

    private void SetMonitoring(MonitoringValues monitoring, string @namespace)
    {
        var assets = new MonitoringAssets(monitoring, @namespace);
        Set("monitoring.any", monitoring.Stack != "None");
        Set("monitoring.bundled", monitoring.Stack == "Bundled");
        Set("monitoring.grafanaBundled", monitoring.Stack == "Bundled" && monitoring.Grafana);
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
