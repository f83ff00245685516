using System.Globalization;
using System.Security.Authentication;
using NovaCron.Dwcp.Operations.Cluster;
using NovaCron.Dwcp.Operations.Validation.Probes;

namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>Clients outside of the cluster get through the load balancer, untouched: TLS is the nodes' own, and a transfer arrives.</summary>
internal sealed class LoadBalancerCheck() : ValidationCheck(
    "integration-load-balancer", CheckCategory.Integration, CheckSeverity.Critical, "The load balancer of Service dwcp-v3 carries TLS of the nodes and a transfer on 7420",
    "Look at the events of Service dwcp-v3, the balancer's targets and their health, its security groups, and network.clientCidrs.")
{
    private const string Kind = "LoadBalancer";

    public override CheckPhase Phase => CheckPhase.Load;

    public override TimeSpan? TimeLimit => TimeSpan.FromMinutes(1);

    public override async Task<string?> WhyNotApplicableAsync(ValidationContext context) =>
        (await context.FindAsync(ClusterResource.Service, "dwcp-v3").ConfigureAwait(false)).Text("spec", "type") == Kind
        || (await context.RecordAsync().ConfigureAwait(false)).Values.Service.Type == Kind
            ? null
            : "this deployment has no load balancer (service.type)";

    public override async Task<CheckFinding> RunAsync(ValidationContext context, CancellationToken cancellationToken)
    {
        if (await context.FindAsync(ClusterResource.Service, "dwcp-v3").ConfigureAwait(false) is not { } service)
            return CheckFinding.Fail("Service dwcp-v3 does not exist");
        if (service.Text("spec", "type") is not Kind and var type)
            return CheckFinding.Fail($"Service dwcp-v3 is of type {type ?? "ClusterIP"}, and was deployed as {Kind}");
        var outside = service.Items("status", "loadBalancer", "ingress").FirstOrDefault();
        if ((outside.Text("hostname") ?? outside.Text("ip")) is not { Length: > 0 } host)
            return CheckFinding.Fail("Service dwcp-v3 has no outside address: no load balancer took it");
        var address = string.Create(CultureInfo.InvariantCulture, $"{(host.Contains(':', StringComparison.Ordinal) ? $"[{host}]" : host)}:7420");
        var tls = await context.Options.AddressProbe.HandshakeAsync(address, SslProtocols.Tls13, "dwcp-v3", await context.SecretValueAsync("ca.crt").ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
        if (tls.Outcome == TlsOutcome.Unreachable)
            throw new InconclusiveException($"{address} takes no connection from this machine ({tls.Detail}); validate from where clients are");
        if (tls.Outcome == TlsOutcome.Refused || !tls.IsTrusted)
            return CheckFinding.Fail(tls.Outcome == TlsOutcome.Refused ? $"{address} does not speak TLS 1.3: {tls.Detail}" : $"{address} shows another certificate than the nodes': something before them ends TLS");
        // Not by the address that the other transfers take, nor by any detour.
        var result = await context.TransferAsync("load-balancer", r => r with { Address = address, Detour = null, Number = 19 }).ConfigureAwait(false);
        return result switch
        {
            { Succeeded: false } => CheckFinding.Fail($"{address}: {result.Detail}"),
            { HashesEqual: false } => CheckFinding.Fail($"{address}: the data read back differs"),
            _ => CheckFinding.Pass(string.Create(CultureInfo.InvariantCulture, $"{address}: {tls.Protocol}, {result.UserBytes} bytes by v{result.Version} arrived unchanged")),
        };
    }
}
