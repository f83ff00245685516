namespace NovaCron.Dwcp.Rehearsal.Kubelet.Images;

/// <summary>Where a container runs: what an image's adapter needs to know to fit a program into it.</summary>
/// <param name="Root">The directory that stands for the container's <c>/</c>.</param>
/// <param name="PodAddress">The pod's own address.</param>
/// <param name="ApiServer">The API server's address.</param>
internal sealed record ContainerContext(string Root, System.Net.IPAddress PodAddress, Uri ApiServer)
{
    /// <summary>Where an absolute path of the container is on this machine.</summary>
    public string Resolve(string path) => Root + path;

    /// <summary>The path on this machine when <paramref name="text"/> is an absolute path that exists in the container; else the text itself.</summary>
    public string ResolveIfPresent(string text) =>
        text.StartsWith('/') && (Path.Exists(Resolve(text)) || Directory.Exists(Path.GetDirectoryName(Resolve(text)))) ? Resolve(text) : text;
}
