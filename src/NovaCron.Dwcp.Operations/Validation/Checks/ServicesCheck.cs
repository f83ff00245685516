using NovaCron.Dwcp.Operations.Cluster;
using NovaCron.Dwcp.Operations.Staging;

namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>Clients find every port, and pods stand behind it.</summary>
internal sealed class ServicesCheck() : ValidationCheck(
    "infra-services", CheckCategory.Infrastructure, CheckSeverity.Critical, "The Services offer their ports and have ready endpoints",
    "Apply the manifests again (New-DwcpStaging), and look at the readiness of the pods.")
{
    private static readonly (string Service, string App, (long Port, string Protocol)[] Ports)[] Expected =
    [
        ("dwcp-v3", "dwcp-v3", [(80, "TCP"), (9090, "TCP"), (7420, "TCP"), (7420, "UDP")]),
        ("dwcp-v3-redis", "dwcp-v3-redis", [(6379, "TCP")]),
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

            var offered = service.Items("spec", "ports").Select(p => (p.Whole("port") ?? 0, p.Text("protocol") ?? "TCP")).ToList();
            problems.AddRange(ports.Where(p => !offered.Contains(p)).Select(p => $"Service {name} does not offer {p.Port}/{p.Protocol}"));
            if (service.Text("spec", "selector", "app") != app)
                problems.Add($"Service {name} selects app={service.Text("spec", "selector", "app")}, expected {app}");
            var ready = await StagingReader.CountReadyAsync(context.Connection, context.Namespace, name, cancellationToken).ConfigureAwait(false);
            if (ready == 0)
                problems.Add($"Service {name} has no ready endpoint");
        }

        return CheckFinding.Judge(problems, Expected.Length, "dwcp-v3 (80, 9090, 7420 TCP and UDP) and dwcp-v3-redis (6379) have ready endpoints");
    }
}
