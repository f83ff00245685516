using NovaCron.Dwcp.Operations.Validation;
using NovaCron.Dwcp.Operations.Validation.Checks;

namespace NovaCron.Dwcp.Operations.Tests.Validation;

public sealed class ImageScanTests : IDisposable
{
    private static readonly string Digest = "sha256:" + new string('a', 64);
    private readonly string _directory = Directory.CreateTempSubdirectory("dwcp-scan-").FullName;

    public void Dispose() => Directory.Delete(_directory, true);

    private static string Trivy(string severity, DateTimeOffset? at = null) => $$$"""
        {"SchemaVersion":2,"CreatedAt":"{{{at ?? DateTimeOffset.UtcNow:O}}}","ArtifactName":"registry.test/dwcpd@{{{Digest}}}","Metadata":{"RepoDigests":["registry.test/dwcpd@{{{Digest}}}"]},
         "Results":[{"Target":"debian","Vulnerabilities":[{"VulnerabilityID":"CVE-2026-1","PkgName":"libc6","InstalledVersion":"2.41","Severity":"{{{severity}}}"}]}]}
        """;

    private static string Grype(string severity) => $$$"""
        {"matches":[{"vulnerability":{"id":"CVE-2026-2","severity":"{{{severity}}}"},"artifact":{"name":"zlib","version":"1"}}],"source":{"target":{"repoDigests":["x@{{{Digest}}}"]}},
         "descriptor":{"name":"grype","timestamp":"{{{DateTimeOffset.UtcNow:O}}}"}}
        """;

    private static string Sarif(string score) => $$$"""
        {"version":"2.1.0","runs":[{"properties":{"repoDigests":["x@{{{Digest}}}"]},"invocations":[{"endTimeUtc":"{{{DateTimeOffset.UtcNow:O}}}","executionSuccessful":true}],
         "tool":{"driver":{"name":"s","rules":[{"id":"CVE-2026-3","properties":{"security-severity":"{{{score}}}"}}]} },"results":[{"ruleId":"CVE-2026-3"}]}]}
        """;

    public static TheoryData<string, CheckStatus, string> Reports() => new()
    {
        { Trivy("HIGH"), CheckStatus.Pass, "no critical finding" },
        { Trivy("CRITICAL"), CheckStatus.Fail, "CVE-2026-1 in libc6" },
        { Trivy("LOW", DateTimeOffset.UtcNow.AddDays(-8)), CheckStatus.Error, "last 7 days" },
        { Trivy("LOW", DateTimeOffset.UtcNow.AddDays(2)), CheckStatus.Error, "last 7 days" },
        { Trivy("LOW").Replace(Digest, "sha256:" + new string('b', 64), StringComparison.Ordinal), CheckStatus.Error, "nobody has scanned" },
        { Grype("Medium"), CheckStatus.Pass, "no critical finding" },
        { Grype("Critical"), CheckStatus.Fail, "CVE-2026-2 in zlib" },
        { Sarif("8.9"), CheckStatus.Pass, "no critical finding" },
        { Sarif("9.8"), CheckStatus.Fail, "CVE-2026-3" },
        { Sarif(""), CheckStatus.Error, "how severe" },
        { "{}", CheckStatus.Error, "neither trivy's nor grype's" },
        { "oops", CheckStatus.Error, "no JSON" },
        { $$"""{"note":"{{Digest}}"}""", CheckStatus.Error, "neither trivy's nor grype's" },
    };

    [Theory]
    [MemberData(nameof(Reports))]
    public async Task A_given_report_decides_if_it_names_the_digest_and_is_fresh(string text, CheckStatus expected, string detail)
    {
        Assert.SkipWhen(NovaCron.Dwcp.Operations.Processes.ExternalProgram.Find("trivy") is not null || NovaCron.Dwcp.Operations.Processes.ExternalProgram.Find("grype") is not null,
            "a scanner is installed, and would be asked");
        var path = Path.Combine(_directory, "scan.json");
        await File.WriteAllTextAsync(path, text);
        using var rig = await ValidationRig.StartApprovedAsync();
        rig.Nodes.Rehearsal = false;
        var report = await rig.RunAsync(new ValidationOptions { Profile = ValidationProfile.Rehearsal, Ids = ["security-image-scan"], ImageScanReports = [path] });
        var check = Assert.Single(report.Checks);
        Assert.Equal(expected, check.Status);
        Assert.Contains(detail, check.Detail);
    }

    [Fact]
    public void Trivy_without_findings_leaves_its_results_out() =>
        Assert.Empty(ImageScan.Read("x", """{"SchemaVersion":2,"ArtifactName":"a"}""", DateTimeOffset.UtcNow).Critical);
}
