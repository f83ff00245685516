namespace NovaCron.Dwcp.Rehearsal.Kubelet.Images;

/// <summary>The parts of an image's name: <c>registry/path/name:tag@digest</c>.</summary>
/// <param name="Repository">Registry and path, as given.</param>
/// <param name="Tag">The tag; null when only a digest or nothing was given.</param>
/// <param name="Digest"><c>sha256:…</c>, or null.</param>
internal sealed record ImageReference(string Repository, string? Tag, string? Digest)
{
    /// <summary>The last part of the repository: <c>dwcpd</c> of <c>registry.example/novacron/dwcpd</c>.</summary>
    public string Name => Repository[(Repository.LastIndexOf('/') + 1)..];

    /// <summary>Registry and path with the defaults spelled out, as a runtime reports it.</summary>
    public string FullRepository
    {
        get
        {
            var first = Repository.Split('/')[0];
            var hasRegistry = Repository.Contains('/') && (first.Contains('.') || first.Contains(':') || first == "localhost");
            return hasRegistry ? Repository : Repository.Contains('/') ? "docker.io/" + Repository : "docker.io/library/" + Repository;
        }
    }

    /// <summary>The reference with registry and tag spelled out.</summary>
    public string FullName => FullRepository + (Tag is null ? Digest is null ? ":latest" : "" : ":" + Tag) + (Digest is null ? "" : "@" + Digest);

    /// <summary>Takes a reference apart; null when it is not one.</summary>
    public static ImageReference? Parse(string image)
    {
        string? digest = null;
        var at = image.IndexOf('@');
        if (at >= 0)
        {
            digest = image[(at + 1)..];
            image = image[..at];
            if (!digest.StartsWith("sha256:", StringComparison.Ordinal) || digest.Length != 71 || !digest.AsSpan(7).ToString().All(char.IsAsciiHexDigitLower))
            {
                return null;
            }
        }
        string? tag = null;
        var colon = image.LastIndexOf(':');
        if (colon > image.LastIndexOf('/'))
        {
            tag = image[(colon + 1)..];
            image = image[..colon];
        }
        var valid = image.Length > 0 && image.All(static c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' or '/' or ':')
            && !image.Split('/').Any(static part => part.Length == 0) && tag is not { Length: 0 };
        return valid ? new(image, tag, digest) : null;
    }
}
