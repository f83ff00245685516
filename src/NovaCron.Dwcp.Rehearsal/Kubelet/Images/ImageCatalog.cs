using NovaCron.Dwcp.Rehearsal.Kubelet.Processes;

namespace NovaCron.Dwcp.Rehearsal.Kubelet.Images;

/// <summary>What an image's name stands for on this machine.</summary>
internal sealed class ImageCatalog
{
    private readonly Dictionary<string, ContainerImage> _images = new(StringComparer.Ordinal);

    /// <param name="programs">Executables by image name or <c>name:tag</c>, over the default ones.</param>
    public ImageCatalog(IReadOnlyDictionary<string, string> programs)
    {
        if (ProgramLocator.Find("dwcpd", "NovaCron.Dwcp.Node") is { } node)
        {
            _images["dwcpd"] = new ProgramImage(node);
        }
        _images["redis"] = ProcessLauncher.Find("redis-server") is { } redis
            ? new RedisImage(redis, isGarnet: false)
            : new RedisImage(typeof(ImageCatalog).Assembly.Location, isGarnet: true);
        _images["garnet"] = new RedisImage(typeof(ImageCatalog).Assembly.Location, isGarnet: true);
        if (ProcessLauncher.Find("prometheus") is { } prometheus)
        {
            _images["prometheus"] = new PrometheusImage(prometheus);
        }
        if ((ProcessLauncher.Find("prometheus-alertmanager") ?? ProcessLauncher.Find("alertmanager")) is { } alertmanager)
        {
            _images["alertmanager"] = new AlertmanagerImage(alertmanager);
        }
        foreach (var (name, path) in programs)
        {
            var full = Path.GetFullPath(path);
            _images[name] = name.Split(':')[0] switch
            {
                "redis" => new RedisImage(full, isGarnet: false),
                "prometheus" => new PrometheusImage(full),
                "alertmanager" => new AlertmanagerImage(full),
                _ => new ProgramImage(full),
            };
        }
    }

    /// <summary>The image of a name; null when there is none, or none with the digest that the name asks for.</summary>
    public ContainerImage? Find(ImageReference reference)
    {
        var image = _images.GetValueOrDefault($"{reference.Name}:{reference.Tag}") ?? _images.GetValueOrDefault(reference.Name);
        if (image is null || !File.Exists(image.Path))
        {
            return null;
        }
        if (reference.Digest is null || reference.Digest == image.Digest)
        {
            return image;
        }
        // A digest names one build, whatever the tag beside it.
        return _images.FirstOrDefault(entry => entry.Key.Split(':')[0] == reference.Name && File.Exists(entry.Value.Path)
            && entry.Value.Digest == reference.Digest).Value;
    }
}
