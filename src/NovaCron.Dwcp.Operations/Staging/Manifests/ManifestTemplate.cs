using YamlDotNet.RepresentationModel;

namespace NovaCron.Dwcp.Operations.Staging.Manifests;

/// <summary>One document of a manifest file, parsed, with its placeholders still in it.</summary>
internal sealed record ManifestTemplate(string File, YamlMappingNode Root)
{
    public long Line => Root.Start.Line;
}
