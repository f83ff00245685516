using System.Globalization;
using System.Text.Json.Nodes;
using NovaCron.Dwcp.Operations.Cluster;

namespace NovaCron.Dwcp.Operations.Staging;

/// <summary>Reads what is staged from the cluster itself.</summary>
internal static class StagingReader
{
    private static readonly (string Deployment, string Component)[] Deployments =
        [("dwcp-v3", "node"), ("dwcp-v3-guardian", "guardian"), ("dwcp-v3-redis", "redis")];

    private static readonly string[] Services = ["dwcp-v3", "dwcp-v3-redis"];

    public static async Task<DwcpStaging> ReadAsync(
        ClusterConnection connection, string @namespace, StagingRecord record, string version, CancellationToken cancellationToken)
    {
        var workloads = new List<StagedWorkload>();
        foreach (var (name, _) in Deployments)
        {
            if (await connection.FindAsync(ClusterResource.Deployment, @namespace, name, cancellationToken).ConfigureAwait(false) is not { } deployment)
                continue;
            var (ready, desired, _) = WorkloadWaiter.Judge(deployment);
            workloads.Add(new StagedWorkload(name, desired, ready));
        }

        var services = await ReadServicesAsync(connection, @namespace, cancellationToken).ConfigureAwait(false);
        return new DwcpStaging
        {
            Namespace = @namespace,
            Server = connection.Server,
            Context = connection.Context,
            KubernetesVersion = version,
            Release = record.Release,
            ManifestHash = record.ManifestHash,
            AppliedBy = record.AppliedBy,
            AppliedAt = record.AppliedAt,
            Images = await ReadImagesAsync(connection, @namespace, cancellationToken).ConfigureAwait(false),
            Workloads = workloads,
            Services = services,
            DataAddress = services.FirstOrDefault(s => s.Service == "dwcp-v3" && s.PortName == "data") is { } data ? data.ExternalAddress ?? data.Address : null,
        };
    }

    /// <summary>The images of the Deployments, with the digests that their ready pods report.</summary>
    public static async Task<IReadOnlyList<StagedImage>> ReadImagesAsync(ClusterConnection connection, string @namespace, CancellationToken cancellationToken)
    {
        var images = new List<StagedImage>();
        foreach (var (name, component) in Deployments)
        {
            if (await connection.FindAsync(ClusterResource.Deployment, @namespace, name, cancellationToken).ConfigureAwait(false) is not { } deployment)
                continue;
            // Ours is the first; what an admission webhook puts beside it is not deployed by us.
            var container = deployment["spec"]?["template"]?["spec"]?["containers"]?[0];
            var reference = container?["image"]?.ToString() ?? "";
            var pods = await connection.ListAsync(ClusterResource.Pod, @namespace, $"app={name}", cancellationToken: cancellationToken).ConfigureAwait(false);
            var identities = pods.Where(WorkloadWaiter.IsReady)
                .SelectMany(p => (p["status"]?["containerStatuses"] as JsonArray ?? []).Where(c => c?["name"]?.ToString() == container?["name"]?.ToString()).Select(c => c?["imageID"]?.ToString()))
                .OfType<string>().DistinctBy(Digest).Where(i => Digest(i) is not null).OrderBy(Digest, StringComparer.Ordinal).ToList();
            if (identities.Count == 0)
                images.Add(new StagedImage(component, reference, null));
            images.AddRange(identities.Select(i => new StagedImage(component, reference, Digest(i)) { RepositoryDigest = RepositoryDigest(reference, i) }));
        }

        return images;
    }

    /// <summary><c>sha256:...</c> out of what runtimes report: <c>name@sha256:...</c>, <c>docker-pullable://...</c>, or the bare digest.</summary>
    internal static string? Digest(string? imageId) =>
        imageId is not null && imageId.LastIndexOf("sha256:", StringComparison.Ordinal) is var at and >= 0 ? imageId[at..] : null;

    /// <summary>
    /// <c>name@sha256:...</c> if the runtime knows the image by that and the name is the one that was asked for; an import by hand is known by another, from
    /// which nothing can be pulled.
    /// </summary>
    internal static string? RepositoryDigest(string reference, string imageId)
    {
        var known = imageId[(imageId.LastIndexOf("://", StringComparison.Ordinal) is var scheme and >= 0 ? scheme + 3 : 0)..];
        return known.IndexOf('@') is var at and > 0 && Digest(known) is { } digest && FullName(known[..at]) == FullName(Repository(reference)) ? $"{Repository(reference)}@{digest}" : null;
    }

    /// <summary>Whether a reference names one image for ever, <c>name@sha256:...</c>, not a tag that can be moved.</summary>
    internal static bool IsByDigest(string reference) => reference.Contains("@sha256:", StringComparison.Ordinal);

    /// <summary>Whether a reference names neither a registry nor a user of one: such an image is loaded onto the machines by hand, and never pulled.</summary>
    internal static bool IsOfMachines(string reference) => !reference.Contains('/');

    /// <summary>A reference without tag and digest; a colon before the last slash is a port.</summary>
    private static string Repository(string reference)
    {
        var name = reference.Split('@')[0];
        return name.LastIndexOf(':') is var colon and >= 0 && colon > name.LastIndexOf('/') ? name[..colon] : name;
    }

    /// <summary>As container runtimes complete it: what names no registry is of docker.io, what names no user of its library.</summary>
    private static string FullName(string repository)
    {
        var first = repository.Split('/')[0];
        var hasRegistry = repository.Contains('/') && (first == "localhost" || first.Any(c => c is '.' or ':'));
        return hasRegistry ? repository : repository.Contains('/') ? $"docker.io/{repository}" : $"docker.io/library/{repository}";
    }

    private static async Task<List<StagedService>> ReadServicesAsync(ClusterConnection connection, string @namespace, CancellationToken cancellationToken)
    {
        var result = new List<StagedService>();
        foreach (var name in Services)
        {
            if (await connection.FindAsync(ClusterResource.Service, @namespace, name, cancellationToken).ConfigureAwait(false) is not { } service)
                continue;
            var ready = await CountReadyAsync(connection, @namespace, name, cancellationToken).ConfigureAwait(false);
            var outside = service["status"]?["loadBalancer"]?["ingress"]?[0];
            var host = outside?["hostname"]?.ToString() ?? outside?["ip"]?.ToString();
            foreach (var port in (service["spec"]?["ports"] as JsonArray ?? []).OfType<JsonObject>())
            {
                var number = port["port"]!.GetValue<int>();
                result.Add(new StagedService(
                    name,
                    port["name"]?.ToString() ?? number.ToString(CultureInfo.InvariantCulture),
                    port["protocol"]?.ToString() ?? "TCP",
                    string.Create(CultureInfo.InvariantCulture, $"{service["spec"]?["clusterIP"]}:{number}"),
                    host is null ? null : string.Create(CultureInfo.InvariantCulture, $"{host}:{number}"),
                    ready));
            }
        }

        return result;
    }

    /// <summary>Ready addresses behind a Service.</summary>
    public static async Task<int> CountReadyAsync(ClusterConnection connection, string @namespace, string service, CancellationToken cancellationToken)
    {
        var slices = await connection.ListAsync(ClusterResource.EndpointSlice, @namespace, $"kubernetes.io/service-name={service}", cancellationToken: cancellationToken)
            .ConfigureAwait(false);
        return slices
            .SelectMany(s => (s["endpoints"] as JsonArray ?? []).OfType<JsonObject>())
            .Where(e => e["conditions"]?["ready"]?.GetValue<bool>() ?? true)
            .SelectMany(e => (e["addresses"] as JsonArray ?? []).Select(a => a?.ToString()))
            .Distinct().Count();
    }
}
