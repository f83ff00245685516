namespace NovaCron.Dwcp.Operations.Images;

/// <summary>What to build an image from, and where it goes.</summary>
public sealed record ImageOptions
{
    /// <summary>The last stage's base: a C runtime, OpenSSL and certificates, and no shell.</summary>
    public const string DefaultBaseImage = "mcr.microsoft.com/dotnet/runtime-deps:10.0-noble-chiseled";

    /// <summary>Base that takes the libraries of this machine, for places that reach no registry. Linux only.</summary>
    public const string NoBaseImage = "scratch";

    /// <summary>A directory with a published dwcpd (<c>dotnet publish src/NovaCron.Dwcp.Node -c Release -r linux-x64</c>), or one with a Dockerfile.</summary>
    public required string Path { get; init; }

    /// <summary>Where to push, for example <c>registry.example:5000/novacron</c>; nowhere when null.</summary>
    public string? Registry { get; init; }

    /// <summary>Tag; the release.</summary>
    public string Tag { get; init; } = "3.0.0";

    public string BaseImage { get; init; } = DefaultBaseImage;

    /// <summary>
    /// With UCX and the verbs providers, for RDMA in a datacentre: about 6 MB more. From the distribution of the Dockerfile's build stage, or, without a base,
    /// from this machine.
    /// </summary>
    public bool Rdma { get; init; }

    /// <summary>docker, podman or buildah; the first of them that works when null.</summary>
    public string? Tool { get; init; }

    /// <summary>The registry speaks plain HTTP, or has a certificate that nobody signed.</summary>
    public bool AllowInsecureRegistry { get; init; }

    /// <summary>Where the bill of materials is written; not at all when null.</summary>
    public string? BillOfMaterialsPath { get; init; }

    /// <summary>Attempts to push. 1..20.</summary>
    public int PushAttempts { get; init; } = 5;

    /// <summary>Above this the image is refused, bytes: something came in that does not belong there.</summary>
    public long MaximumSize { get; init; } = 120_000_000;
}
