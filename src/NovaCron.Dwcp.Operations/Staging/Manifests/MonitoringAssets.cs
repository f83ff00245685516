using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using YamlDotNet.RepresentationModel;

namespace NovaCron.Dwcp.Operations.Staging.Manifests;

/// <summary>
/// The files of monitoring as a deployment needs them: the same rules, scrape configuration and dashboard that stand in module/assets, kept to the
/// namespaces and the pace of this deployment.
/// </summary>
internal sealed class MonitoringAssets
{
    private const string ShippedNamespaces = "staging|production";

    public MonitoringAssets(MonitoringValues values, string @namespace)
    {
        var namespaces = ShippedNamespaces.Split('|').Contains(@namespace) ? ShippedNamespaces : $"{ShippedNamespaces}|{@namespace}";
        Rules = Read("prometheus.rules-dwcp-v3.yaml").Replace(ShippedNamespaces, namespaces, StringComparison.Ordinal)
            .Replace("    interval: 15s", $"    interval: {values.ScrapeInterval}", StringComparison.Ordinal);
        // A scrape may not take longer than the time to the next one.
        var scrape = Read("prometheus.scrape-dwcp-v3.yaml").Replace("names: [staging, production]", $"names: [{namespaces.Replace("|", ", ", StringComparison.Ordinal)}]", StringComparison.Ordinal)
            .Replace("scrape_interval: 15s", $"scrape_interval: {values.ScrapeInterval}", StringComparison.Ordinal)
            .Replace("scrape_timeout: 10s", Seconds(values.ScrapeInterval) < 10 ? $"scrape_timeout: {values.ScrapeInterval}" : "scrape_timeout: 10s", StringComparison.Ordinal);
        if (values.NodeExporter)
        {
            scrape += Read("prometheus.scrape-node-exporter.yaml").Replace("scrape_interval: 15s", $"scrape_interval: {values.ScrapeInterval}", StringComparison.Ordinal)
                .Replace("scrape_timeout: 10s", Seconds(values.ScrapeInterval) < 10 ? $"scrape_timeout: {values.ScrapeInterval}" : "scrape_timeout: 10s", StringComparison.Ordinal);
        }

        PrometheusConfiguration = Read("prometheus.prometheus.yml").Replace("interval: 15s", $"interval: {values.ScrapeInterval}", StringComparison.Ordinal) + scrape;
        AlertmanagerConfiguration = Read("prometheus.alertmanager.yml");
        Dashboard = Read("grafana.dwcp-v3-deployment.json");
        Hash = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(PrometheusConfiguration + Rules + AlertmanagerConfiguration + Dashboard)))[..16].ToLowerInvariant();
    }

    public string PrometheusConfiguration { get; }

    public string Rules { get; }

    public string AlertmanagerConfiguration { get; }

    public string Dashboard { get; }

    /// <summary>Changes when a program that reads its files only at its start must restart.</summary>
    public string Hash { get; }

    /// <summary>The rules as a PrometheusRule holds them.</summary>
    public JsonArray RuleGroups()
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(Rules));
        return (JsonArray)ToNode(((YamlMappingNode)stream.Documents[0].RootNode).Children[new YamlScalarNode("groups")])!.DeepClone();
    }

    private static JsonNode? ToNode(YamlNode node) => node switch
    {
        YamlMappingNode map => new JsonObject(map.Children.Select(c => KeyValuePair.Create(((YamlScalarNode)c.Key).Value!, ToNode(c.Value)))),
        YamlSequenceNode list => new JsonArray([.. list.Children.Select(ToNode)]),
        // Every scalar of a rule is text: expressions, times, labels.
        _ => ((YamlScalarNode)node).Value,
    };

    private static int Seconds(string interval) => int.Parse(interval[..^1], System.Globalization.CultureInfo.InvariantCulture) * (interval[^1] == 'm' ? 60 : 1);

    private static string Read(string name)
    {
        using var reader = new StreamReader(typeof(MonitoringAssets).Assembly.GetManifestResourceStream("monitoring." + name)!, Encoding.UTF8);
        return reader.ReadToEnd();
    }
}
