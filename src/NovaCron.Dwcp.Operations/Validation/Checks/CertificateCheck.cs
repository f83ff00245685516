using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using NovaCron.Dwcp.Operations.Staging;

namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>Clients can verify the nodes' certificate, for some time yet.</summary>
internal sealed class CertificateCheck() : ValidationCheck(
    "security-certificate", CheckCategory.Security, CheckSeverity.Critical, "The nodes' certificate chains to its CA, names dwcp-v3, is strong and not about to expire",
    "Deploy again (New-DwcpStaging renews a certificate with less than 30 days left), or -RotateSecrets.")
{
    private static readonly TimeSpan Margin = TimeSpan.FromDays(14);

    public override async Task<CheckFinding> RunAsync(ValidationContext context, CancellationToken cancellationToken)
    {
        var secrets = await context.SecretsAsync().ConfigureAwait(false);
        var pem = await context.SecretValueAsync("tls.crt").ConfigureAwait(false);
        using var leaf = X509Certificate2.CreateFromPem(pem);
        var problems = new List<string>();
        if (!NodeCertificate.Chains(leaf, pem, await context.SecretValueAsync("ca.crt").ConfigureAwait(false), context.Now))
            problems.Add("the certificate does not chain to ca.crt, or is not valid now");
        var left = leaf.NotAfter.ToUniversalTime() - context.Now.UtcDateTime;
        if (left < Margin)
            problems.Add(string.Create(CultureInfo.InvariantCulture, $"the certificate expires in {left.TotalDays:0.0} days, expected at least {Margin.TotalDays:0}"));
        foreach (var name in new[] { "dwcp-v3", $"dwcp-v3.{context.Namespace}.svc" }.Where(n => !leaf.MatchesHostname(n)))
            problems.Add($"the certificate is not for {name}");
        var strong = leaf.GetECDsaPublicKey() is { KeySize: >= 256 } || leaf.GetRSAPublicKey() is { KeySize: >= 2048 };
        if (!strong)
            problems.Add("the certificate's key is weak");
        if (!NodeCertificate.IsUsable(pem, secrets.GetValueOrDefault("tls.key"), secrets.GetValueOrDefault("ca.crt"), "dwcp-v3", context.Now))
            problems.Add("tls.key is not the key of tls.crt");
        // What the pods serve, not only what the Secret holds.
        var fingerprint = Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(leaf.RawData));
        problems.AddRange(await context.OfEachNodeAsync(async pod =>
        {
            var served = (await context.DiagnosticsAsync(pod, "configuration").ConfigureAwait(false)).Text("certificate", "sha256");
            return string.Equals(served, fingerprint, StringComparison.OrdinalIgnoreCase) ? null : $"pod {pod} serves another certificate than the Secret's";
        }).ConfigureAwait(false));
        return CheckFinding.Judge(problems, 1, string.Create(CultureInfo.InvariantCulture, $"{leaf.Subject}, {left.TotalDays:0} days left"));
    }
}
