using System.ComponentModel.DataAnnotations;

namespace NovaCron.Dwcp.Operations.Staging;

/// <summary>Settings of monitoring, in namespace <see cref="NetworkValues.MonitoringNamespace"/>.</summary>
public sealed record MonitoringValues
{
    /// <summary>
    /// Bundled: Prometheus, Alertmanager and Grafana are deployed. Operator: PodMonitor, PrometheusRule and the dashboard, for a Prometheus operator.
    /// Existing: only the permission to find the pods, for a Prometheus that takes scrape-dwcp-v3.yaml and rules-dwcp-v3.yaml. None: nothing.
    /// </summary>
    [AllowedValues("None", "Bundled", "Operator", "Existing", ErrorMessage = "None, Bundled, Operator or Existing")]
    public string Stack { get; init; } = "None";

    /// <summary>Grafana in the bundled stack.</summary>
    public bool Grafana { get; init; } = true;

    /// <summary>Figures of the machines themselves in the bundled stack, from a DaemonSet that reads the host; in namespace dwcp-node-exporter, which is privileged for it.</summary>
    public bool NodeExporter { get; init; }

    /// <summary>ServiceAccount that Prometheus runs as.</summary>
    [RegularExpression(ValueLimits.Label, ErrorMessage = ValueLimits.LabelText)]
    public string ServiceAccount { get; init; } = "prometheus";

    /// <summary>Time between scrapes, and between evaluations of the rules.</summary>
    [RegularExpression("^[1-9][0-9]{0,2}[sm]$", ErrorMessage = "a time such as 15s")]
    public string ScrapeInterval { get; init; } = "15s";

    /// <summary>How long the bundled Prometheus keeps data.</summary>
    [RegularExpression("^[1-9][0-9]{0,3}[hdw]$", ErrorMessage = "a time such as 15d")]
    public string Retention { get; init; } = "15d";

    [RegularExpression(ValueLimits.Image, ErrorMessage = ValueLimits.ImageText)]
    public string PrometheusImage { get; init; } = "docker.io/prom/prometheus:v3.5.0";

    [RegularExpression(ValueLimits.Image, ErrorMessage = ValueLimits.ImageText)]
    public string AlertmanagerImage { get; init; } = "docker.io/prom/alertmanager:v0.28.1";

    [RegularExpression(ValueLimits.Image, ErrorMessage = ValueLimits.ImageText)]
    public string GrafanaImage { get; init; } = "docker.io/grafana/grafana:11.6.0";

    [RegularExpression(ValueLimits.Image, ErrorMessage = ValueLimits.ImageText)]
    public string NodeExporterImage { get; init; } = "quay.io/prometheus/node-exporter:v1.9.1";
}
