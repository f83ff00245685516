using NovaCron.Dwcp.Operations.Cluster;
using NovaCron.Dwcp.Operations.Staging;

namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>Clients find every port, and pods stand behind it.</summary>
internal sealed class ServicesCheck() : ValidationCheck(
    "infra-services", CheckCategory.Infrastructure, CheckSeverity.Critical, "The Services offer their ports and have ready endpoints",
    "Apply the manifests again (New-DwcpStaging), and look at the readiness of the pods.")
{
    private static readonly (string Service, string App, (long Port, string Protocol, string Target)[] Ports)[] Expected =
    [
        ("dwcp-v3", "dwcp-v3", [(80, "TCP", "http"), (9090, "TCP", "metrics"), (7420, "TCP", "data"), (7420, "UDP", "data-udp")]),
        ("dwcp-v3-redis", "dwcp-v3-redis", [(6379, "TCP", "redis")]),
    ];

    public override async Task<CheckFinding> RunAsync(ValidationContext context, CancellationToken cancellationToken)
    {
        var problems = new List<string>();
        foreach (var (name, app, ports) in Expected)
        {
            if (await context.FindAsync(ClusterResource.Service, name).ConfigureAwait(false) is not { } service)
            {
                problems.Add($"Service {name} does not exist");
                continue;
            }

            foreach (var (port, protocol, target) in ports)
            {
                var offered = service.Items("spec", "ports").FirstOrDefault(p => p.Whole("port") == port && (p.Text("protocol") ?? "TCP") == protocol);
                if (offered is null)
                    problems.Add($"Service {name} does not offer {port}/{protocol}");
                else if (offered.Text("targetPort") != target)
                    problems.Add($"Service {name} sends {port}/{protocol} to port {offered.Text("targetPort") ?? "?"} of the pods, expected {target}");
            }

            if (service.Text("spec", "selector", "app") != app)
                problems.Add($"Service {name} selects app={service.Text("spec", "selector", "app")}, expected {app}");
            var ready = await StagingReader.CountReadyAsync(context.Connection, context.Namespace, name, cancellationToken).ConfigureAwait(false);
            var pods = (await context.PodsOfAsync(app).ConfigureAwait(false)).Count(WorkloadWaiter.IsReady);
            if (ready == 0)
                problems.Add($"Service {name} has no ready endpoint");
            else if (ready < pods)
                problems.Add($"Service {name} has {ready} ready endpoints for {pods} ready pods");
        }

        return CheckFinding.Judge(problems, Expected.Length, "dwcp-v3 (80, 9090, 7420 TCP and UDP) and dwcp-v3-redis (6379) have ready endpoints");
    }
}
