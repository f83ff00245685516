using NovaCron.Dwcp.Operations.Staging;

namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>
/// What was validated is what runs, byte for byte: the reference is a digest, or the image is on the machines, is never pulled, and all pods report one digest.
/// </summary>
internal sealed class ImageDigestCheck() : ValidationCheck(
    "infra-image-digests", CheckCategory.Infrastructure, CheckSeverity.High, "Images are deployed by digest",
    "Deploy image references of the form name@sha256:... (New-DwcpStaging resolves the tags of a registry by itself); images that are loaded onto the machines by hand need imagePullPolicy: Never, and the same image on each.")
{
    public override async Task<string?> WhyNotApplicableAsync(ValidationContext context) =>
        await context.PodsAreProcessesAsync().ConfigureAwait(false) ? "pods are processes of this machine, images are executables" : null;

    public override async Task<CheckFinding> RunAsync(ValidationContext context, CancellationToken cancellationToken)
    {
        var running = await StagingReader.ReadImagesAsync(context.Connection, context.Namespace, cancellationToken).ConfigureAwait(false);
        var images = (await context.PodSpecsAsync().ConfigureAwait(false))
            .SelectMany(s => s.Spec.Containers().Select(c => (s.Where, Image: c.Text("image") ?? "", IsPulled: c.Text("imagePullPolicy") != "Never"))).ToList();
        var problems = new List<string>();
        foreach (var (where, image, isPulled) in images.Where(i => !StagingReader.IsByDigest(i.Image)))
        {
            var digests = running.Where(i => i.Reference == image).Select(i => i.Digest).Distinct().ToList();
            var known = digests is [{ } one] ? $"as {one}" : $"as {digests.Count(d => d is not null)} different images";
            if (isPulled)
                problems.Add($"{where} runs {image} without a digest, at present {known}, and may pull another tomorrow");
            else if (digests is not [{ }])
                problems.Add($"{where} runs {image} from its machine, at present {known}");
        }

        return CheckFinding.Judge(problems, images.Count, $"{images.Select(i => i.Image).Distinct().Count()} images, all by digest or loaded by hand and the same everywhere");
    }
}
