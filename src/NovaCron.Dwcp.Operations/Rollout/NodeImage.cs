namespace NovaCron.Dwcp.Operations.Rollout;

/// <summary>References of container images. Source: OCI distribution specification 1.1, "Pulling manifests".</summary>
internal static class NodeImage
{
    /// <summary>The reference by digest, without its tag; as it is when it names a digest already.</summary>
    /// <param name="image">For example <c>registry:5000/novacron/dwcpd:3.0.0</c>.</param>
    /// <param name="digest">For example <c>sha256:…</c>.</param>
    public static string Pin(string image, string digest)
    {
        if (image.Contains('@', StringComparison.Ordinal)) return image;
        // A colon after the last slash begins a tag; before it, a port.
        var colon = image.LastIndexOf(':');
        return $"{(colon > image.LastIndexOf('/') ? image[..colon] : image)}@{digest}";
    }
}
