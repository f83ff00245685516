namespace NovaCron.Dwcp.Rehearsal.Kubelet.Images;

/// <summary>Alertmanager: paths in flags and in its configuration, and the address it listens on.</summary>
internal sealed class AlertmanagerImage(string path) : ContainerImage(path)
{
    private const string DefaultConfiguration = "/etc/alertmanager/alertmanager.yml";

    protected override IReadOnlyList<string> ProgramNames => ["alertmanager", "prometheus-alertmanager"];

    public override void MountsChanged(ContainerContext context) => RewrittenYaml.Refresh(context, DefaultConfiguration);

    protected override IEnumerable<string> Arguments(ContainerContext context, IReadOnlyList<string> arguments) => FlagRewriter.Rewrite(
        context, arguments, configuration: DefaultConfiguration, storage: ("storage.path", "/alertmanager"), port: 9093,
        // One Alertmanager needs no gossip, and its default port would be shared by every pod.
        also: arguments.Any(static a => a.StartsWith("--cluster.listen-address", StringComparison.Ordinal)) ? [] : ["--cluster.listen-address="]);
}
