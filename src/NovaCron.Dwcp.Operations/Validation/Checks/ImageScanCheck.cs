namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>No critical vulnerability is known in what is deployed.</summary>
internal sealed class ImageScanCheck() : ValidationCheck(
    "security-image-scan", CheckCategory.Security, CheckSeverity.High, "No critical vulnerability is known in the deployed images",
    "Scan the image by its digest with trivy or grype, and rebuild it on a patched base.")
{
    public override async Task<string?> WhyNotApplicableAsync(ValidationContext context) =>
        await context.PodsAreProcessesAsync().ConfigureAwait(false) ? "pods are processes of this machine, there is no image to scan" : null;

    public override Task<CheckFinding> RunAsync(ValidationContext context, CancellationToken cancellationToken) =>
        throw new InconclusiveException("no scan report of the deployed digests is at hand");
}
