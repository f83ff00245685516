using System.Text.Json;
using System.Text.Json.Nodes;
using NovaCron.Dwcp.Operations.Cluster;

namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>A client that knows the Ingress' host gets a session's answer through it.</summary>
internal sealed class IngressSessionCheck() : ValidationCheck(
    "integration-ingress", CheckCategory.Integration, CheckSeverity.High, "A session opens through Ingress dwcp-v3",
    "Look at the ingress controller's log, at ingress.className and ingress.host, and at NetworkPolicy dwcp-v3-node (network.ingressNamespace).")
{
    public override async Task<string?> WhyNotApplicableAsync(ValidationContext context)
    {
        if (!(await context.RecordAsync().ConfigureAwait(false)).Values.Ingress.Enabled)
            return "this deployment has no Ingress (ingress.enabled: false)";
        // A rehearsal has no ingress controller; a cluster that has one gives the Ingress an address.
        return await context.FindAsync(ClusterResource.Ingress, "dwcp-v3").ConfigureAwait(false) is { } ingress && Address(ingress) is null
            && await context.PodsAreProcessesAsync().ConfigureAwait(false) ? "pods are processes of this machine, and no ingress controller is there" : null;
    }

    public override async Task<CheckFinding> RunAsync(ValidationContext context, CancellationToken cancellationToken)
    {
        if (await context.FindAsync(ClusterResource.Ingress, "dwcp-v3").ConfigureAwait(false) is not { } ingress)
            return CheckFinding.Fail("Ingress dwcp-v3 does not exist");
        var host = ingress.Items("spec", "rules").FirstOrDefault().Text("host") ?? throw new InconclusiveException("Ingress dwcp-v3 has no host");
        if (Address(ingress) is not { } address)
            return CheckFinding.Fail("Ingress dwcp-v3 has no address: no ingress controller took it");
        var scheme = ingress.Items("spec", "tls").Any() ? "https" : "http";
        var attempt = await context.Options.AddressProbe.RequestAsync(new Uri($"{scheme}://{address}/sessions"), host, HttpMethod.Post,
            $$"""{"clientId":"{{ValidationContext.ProbeClient}}","versions":[1,3]}""", verify: false, cancellationToken).ConfigureAwait(false);
        if (attempt.Status == 0)
            throw new InconclusiveException($"Ingress dwcp-v3 ({scheme}://{address}) cannot be reached from this machine: {attempt.Detail}");
        return attempt.Status == 200 && TryParse(attempt.Body) is { } reply && reply.Whole("version") is 1 or 3
            ? CheckFinding.Pass($"{host} at {address} answers version {reply.Text("version")}, data at {reply.Text("address")}")
            : CheckFinding.Fail($"{host} at {address} answered {attempt.Status}: {ValidationContext.Start(attempt.Body)}");
    }

    private static string? Address(JsonObject ingress)
    {
        var outside = ingress.Items("status", "loadBalancer", "ingress").FirstOrDefault();
        return outside.Text("hostname") ?? (outside.Text("ip") is { } ip ? ip.Contains(':', StringComparison.Ordinal) ? $"[{ip}]" : ip : null);
    }

    private static JsonObject? TryParse(string body)
    {
        try
        {
            return JsonNode.Parse(body) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
