using NovaCron.Dwcp.Operations.Cluster;
using NovaCron.Dwcp.Operations.Rollout;

namespace NovaCron.Dwcp.Operations.Staging;

/// <summary>
/// The GO of a release as it is recorded where it was staged, and the images that it is about, byte for byte. What goes into production is this and
/// nothing else.
/// </summary>
internal sealed record ReleaseDecision
{
    /// <summary>A GO older than this says little about today's cluster; the same limit as a rollout's.</summary>
    private static readonly TimeSpan MaximumAge = TimeSpan.FromDays(7);

    public required string Release { get; init; }

    /// <summary>Report that decided.</summary>
    public required string Report { get; init; }

    public required string ApprovedBy { get; init; }

    public required DateTimeOffset Time { get; init; }

    /// <summary>Image of node and guardian, by digest wherever the cluster can pull one.</summary>
    public required string Image { get; init; }

    public required string RedisImage { get; init; }

    /// <summary>Digests that may run in production.</summary>
    public required IReadOnlyList<string> Digests { get; init; }

    /// <param name="connection">The cluster that holds both.</param>
    /// <param name="stagingNamespace">Where the release was staged and validated.</param>
    /// <param name="release">The release that is wanted.</param>
    /// <param name="manifestHash">Manifests that would be deployed.</param>
    /// <param name="now">For the age of the decision.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="DwcpStagingException">There is no GO, or it is not about this release, these manifests, or what is staged now.</exception>
    public static async Task<ReleaseDecision> ReadAsync(
        ClusterConnection connection, string stagingNamespace, string release, string manifestHash, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var target = ClusterResource.ConfigMap.Describe(stagingNamespace, RolloutNames.ValidationConfigMap);
        var map = await connection.FindAsync(ClusterResource.ConfigMap, stagingNamespace, RolloutNames.ValidationConfigMap, cancellationToken).ConfigureAwait(false)
            ?? throw Refused(target, "does not exist: release has no GO", $"Stage {release} in {stagingNamespace}, validate it (Invoke-DwcpValidation) and have it approved (Approve-DwcpValidation). "
                + "Where it was staged in another namespace, name that (-StagingNamespace).");
        string? Text(string key) => map["data"]?[key]?.ToString() is { Length: > 0 } text ? text : null;
        if (Text("decision") != "GO")
            throw Refused(target, $"records {Text("decision") ?? "no decision"}, not GO", "Correct what the validation names and validate again.");
        if (Text("release") != release)
            throw Refused(target, $"is a GO for release {Text("release") ?? "?"}, not {release}", $"Deploy -Release {Text("release")}, or stage and validate {release} first.");
        if (Text("approvedBy") is not { } approver || Text("approvedReport") != Text("report"))
            throw Refused(target, "nobody has approved this GO", "Have it approved (Approve-DwcpValidation).");
        if (!DateTimeOffset.TryParse(Text("time"), System.Globalization.CultureInfo.InvariantCulture, System.Globalization.DateTimeStyles.AssumeUniversal, out var time) || now - time > MaximumAge)
            throw Refused(target, $"the GO is of {Text("time") ?? "an unknown time"}, older than {MaximumAge.TotalDays} days", "Validate again.");
        if (Text("manifests") != manifestHash || Text("approvedManifests") != manifestHash)
            throw Refused(target, "other manifests were validated than this module deploys", "Deploy with the module that staged the release, or stage and validate with this one.");
        var digests = (Text("images") ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (digests.Length == 0 || Text("approvedImages") != Text("images"))
            throw Refused(target, "names no image digests, or others were approved", "Validate again and have it approved.");
        // Which digest is whose image, only the staged deployment knows; it must still be what was validated.
        var staged = await StagingReader.ReadImagesAsync(connection, stagingNamespace, cancellationToken).ConfigureAwait(false);
        if (!staged.Select(i => i.Digest).OfType<string>().Distinct().Order(StringComparer.Ordinal).SequenceEqual(digests))
            throw Refused($"namespace {stagingNamespace}", "runs other images than the GO is about", "Stage the validated images again, or validate what runs.");
        return new ReleaseDecision
        {
            Release = release,
            Report = Text("report") ?? "?",
            ApprovedBy = approver,
            Time = time,
            Image = Pinned(staged, "node"),
            RedisImage = Pinned(staged, "redis"),
            Digests = digests,
        };

        string Pinned(IReadOnlyList<StagedImage> images, string component)
        {
            var own = images.Where(i => i.Component == component).ToList();
            return own.Count == 1 ? Reference(own[0]) : throw Refused($"namespace {stagingNamespace}", $"runs {own.Count} images as {component}", "Let the deployment finish, then validate again.");
        }
    }

    /// <summary>Digests of pods that run and are not among <see cref="Digests"/>.</summary>
    public IReadOnlyList<StagedImage> Strangers(IReadOnlyList<StagedImage> running) => [.. running.Where(i => i.Digest is null || !Digests.Contains(i.Digest))];

    /// <summary>
    /// The image by digest. One that was loaded onto the machines and came from no registry has nowhere to be pulled from by digest: it keeps its name, and
    /// what runs is compared afterwards.
    /// </summary>
    private static string Reference(StagedImage image) =>
        image.Reference.Contains('@') ? image.Reference
        : image.RepositoryDigest is { } pulled ? pulled
        : image.Reference;

    private static DwcpStagingException Refused(string target, string what, string remedy) => new(StagingStage.Image, target, what, remedy);
}
