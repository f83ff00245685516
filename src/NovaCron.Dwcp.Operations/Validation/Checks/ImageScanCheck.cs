using System.Globalization;
using NovaCron.Dwcp.Operations.Processes;
using NovaCron.Dwcp.Operations.Staging;

namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>
/// No critical vulnerability is known in what runs: from given reports that name the running digests and are fresh, or by scanning with trivy or grype
/// where one is installed.
/// </summary>
internal sealed class ImageScanCheck() : ValidationCheck(
    "security-image-scan", CheckCategory.Security, CheckSeverity.High, "No critical vulnerability is known in the deployed images",
    "Scan the images by digest (trivy image --format json name@sha256:...), give the reports with -ImageScanReport, and rebuild on a patched base what has findings.")
{
    private static readonly TimeSpan MaximumAge = TimeSpan.FromDays(7);

    public override TimeSpan? TimeLimit => TimeSpan.FromMinutes(5);

    public override async Task<string?> WhyNotApplicableAsync(ValidationContext context) =>
        await context.PodsAreProcessesAsync().ConfigureAwait(false) ? "pods are processes of this machine, there is no image to scan" : null;

    public override async Task<CheckFinding> RunAsync(ValidationContext context, CancellationToken cancellationToken)
    {
        var images = (await StagingReader.ReadImagesAsync(context.Connection, context.Namespace, cancellationToken).ConfigureAwait(false)).DistinctBy(i => i.Digest).ToList();
        var scans = new List<ImageScan>();
        foreach (var path in context.Options.ImageScanReports)
        {
            if (!File.Exists(path))
                throw new InconclusiveException($"the scan report {path} does not exist");
            scans.Add(ImageScan.Read(path, await File.ReadAllTextAsync(path, cancellationToken).ConfigureAwait(false), File.GetLastWriteTimeUtc(path)));
        }

        var problems = new List<string>();
        var evidence = new List<string>();
        foreach (var image in images)
        {
            var digest = image.Digest ?? throw new InconclusiveException($"no pod of {image.Component} tells the digest of its image");
            var scan = scans.Where(s => s.Covers(digest)).MaxBy(s => s.Time)
                ?? await ScanAsync(image, digest, context.Now, cancellationToken).ConfigureAwait(false)
                ?? throw new InconclusiveException($"nobody has scanned {image.Reference} ({digest}): no given report names it, and neither trivy nor grype is installed");
            var age = context.Now - scan.Time;
            if (age > MaximumAge || age < -TimeSpan.FromMinutes(5))
                throw new InconclusiveException(string.Create(CultureInfo.InvariantCulture, $"{scan.Source} is of {scan.Time.UtcDateTime:yyyy-MM-dd}, expected one of the last {MaximumAge.TotalDays:0} days"));
            problems.AddRange(scan.Critical.Select(c => $"{image.Component}: {c}"));
            evidence.Add(string.Create(CultureInfo.InvariantCulture, $"{digest}: {scan.Source}, {scan.Time.UtcDateTime:yyyy-MM-dd HH:mm} UTC, {scan.Critical.Count} critical"));
        }

        return CheckFinding.Judge(problems, images.Count, $"no critical finding in {images.Count} images") is { Status: CheckStatus.Pass } pass ? pass with { Evidence = evidence } : CheckFinding.Judge(problems, images.Count, "");
    }

    private static async Task<ImageScan?> ScanAsync(StagedImage image, string digest, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var name = image.Reference.Split('@')[0];
        // A tag after the last slash is not part of a reference by digest.
        if (name.LastIndexOf(':') is var colon and > 0 && colon > name.LastIndexOf('/'))
            name = name[..colon];
        foreach (var (tool, arguments) in new (string, string[])[]
        {
            ("trivy", ["image", "--quiet", "--format", "json", $"{name}@{digest}"]),
            ("grype", ["--quiet", "--output", "json", $"{name}@{digest}"]),
        })
        {
            if (ExternalProgram.Find(tool) is not { } path)
                continue;
            var output = new List<string>();
            var result = await new ExternalProgram(path).RunAsync(arguments, output.Add, cancellationToken).ConfigureAwait(false);
            if (result.ExitCode != 0)
                throw new InconclusiveException($"{tool} cannot scan {name}@{digest} (exit code {result.ExitCode}): {result.Errors.LastOrDefault()}");
            return ImageScan.Read($"{tool} {name}@{digest}", string.Join('\n', output), now);
        }

        return null;
    }
}
