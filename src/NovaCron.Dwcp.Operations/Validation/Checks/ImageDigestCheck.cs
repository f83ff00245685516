namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>What was validated is what runs, byte for byte.</summary>
internal sealed class ImageDigestCheck() : ValidationCheck(
    "infra-image-digests", CheckCategory.Infrastructure, CheckSeverity.High, "Images are deployed by digest",
    "Deploy image references of the form name@sha256:... .")
{
    public override async Task<string?> WhyNotApplicableAsync(ValidationContext context) =>
        await context.PodsAreProcessesAsync().ConfigureAwait(false) ? "pods are processes of this machine, images are executables" : null;

    public override async Task<CheckFinding> RunAsync(ValidationContext context, CancellationToken cancellationToken)
    {
        var images = (await context.PodSpecsAsync().ConfigureAwait(false))
            .SelectMany(s => s.Spec.Containers().Select(c => (s.Where, Image: c.Text("image") ?? ""))).ToList();
        var problems = images.Where(i => !i.Image.Contains("@sha256:", StringComparison.Ordinal)).Select(i => $"{i.Where} runs {i.Image} without a digest").ToList();
        return CheckFinding.Judge(problems, images.Count, $"{images.Select(i => i.Image).Distinct().Count()} images, all by digest");
    }
}
