namespace NovaCron.Dwcp.Rehearsal.Kubelet.Images;

/// <summary>Prometheus: paths in flags and in its configuration, discovery through this cluster's API, and the address it listens on.</summary>
internal sealed class PrometheusImage(string path) : ContainerImage(path)
{
    private const string DefaultConfiguration = "/etc/prometheus/prometheus.yml";

    protected override IReadOnlyList<string> ProgramNames => ["prometheus"];

    public override void MountsChanged(ContainerContext context) => RewrittenYaml.Refresh(context, DefaultConfiguration);

    protected override IEnumerable<string> Arguments(ContainerContext context, IReadOnlyList<string> arguments) => FlagRewriter.Rewrite(
        context, arguments, configuration: DefaultConfiguration, storage: ("storage.tsdb.path", "/prometheus"), port: 9090, also: []);
}
