using NovaCron.Dwcp.Rehearsal.Cluster;

namespace NovaCron.Dwcp.Tool.Rehearsal;

/// <summary>How dwcp sets a rehearsal cluster up.</summary>
internal static class RehearsalClusterOptions
{
    public static RehearsalOptions Create(string? directory) => new()
    {
        Directory = directory,
        Images = new Dictionary<string, string> { ["dwcpd"] = Repository.Node },
    };
}
