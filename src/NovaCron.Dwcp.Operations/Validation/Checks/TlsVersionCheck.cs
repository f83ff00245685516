using System.Security.Authentication;
using NovaCron.Dwcp.Operations.Validation.Probes;

namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>Nobody talks a node down to an older TLS, and what clients reach shows a certificate that they can verify.</summary>
internal sealed class TlsVersionCheck() : ValidationCheck(
    "security-tls", CheckCategory.Security, CheckSeverity.Critical, "The data port speaks TLS 1.3 with a verifiable certificate, and nothing older",
    "Something stands before the nodes that ends TLS, or the node is defective: 7420 must be passed through as it is (a layer 4 load balancer).")
{
    private const string ServerName = "dwcp-v3";

    public override CheckPhase Phase => CheckPhase.Load;

    public override async Task<CheckFinding> RunAsync(ValidationContext context, CancellationToken cancellationToken)
    {
        var address = context.Options.DataAddress ?? await context.DataAddressAsync().ConfigureAwait(false);
        var authority = await context.SecretValueAsync("ca.crt").ConfigureAwait(false);
        var probe = context.Options.AddressProbe;
        if (!await context.ReachesDataAsync(cancellationToken).ConfigureAwait(false))
            address = await context.ForwardedAddressAsync().ConfigureAwait(false);
        var good = await probe.HandshakeAsync(address, SslProtocols.Tls13, ServerName, authority, cancellationToken).ConfigureAwait(false);
        if (good.Outcome == TlsOutcome.Unreachable)
            throw new InconclusiveException($"{address} cannot be reached from this machine: {good.Detail}");
        if (good.Outcome == TlsOutcome.Refused)
            return CheckFinding.Fail($"{address} does not speak TLS 1.3: {good.Detail}");
        var problems = new List<string>();
        if (!good.IsTrusted)
            problems.Add($"the certificate that {address} shows does not chain to the nodes' CA, or is not for {ServerName}");
#pragma warning disable CA5398, SYSLIB0039 // Older versions are offered to see them refused.
        foreach (var (name, old) in new[] { ("TLS 1.2", SslProtocols.Tls12), ("TLS 1.1", SslProtocols.Tls11) })
#pragma warning restore CA5398, SYSLIB0039
        {
            var attempt = await probe.HandshakeAsync(address, old, ServerName, authority, cancellationToken).ConfigureAwait(false);
            if (attempt.Outcome == TlsOutcome.Established)
                problems.Add($"{address} accepts {name} ({attempt.Protocol})");
            else if (attempt.Outcome == TlsOutcome.Unreachable)
                throw new InconclusiveException($"{address} could not be tried with {name}: {attempt.Detail}");
        }

        return CheckFinding.Judge(problems, 3, $"{address}: {good.Protocol}; TLS 1.2 and 1.1 are refused");
    }
}
