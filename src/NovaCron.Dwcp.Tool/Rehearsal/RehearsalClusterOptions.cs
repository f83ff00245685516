using NovaCron.Dwcp.Rehearsal.Cluster;
using NovaCron.Dwcp.Tool.CommandLine;

namespace NovaCron.Dwcp.Tool.Rehearsal;

/// <summary>How dwcp sets a rehearsal cluster up.</summary>
internal static class RehearsalClusterOptions
{
    /// <param name="directory">Where the cluster lives; null for a temporary directory.</param>
    /// <param name="node">The program that its node pods run, such as the one that "dotnet publish" makes for an image; null for the build beside this tool.</param>
    /// <exception cref="ToolException">There is no such program.</exception>
    public static RehearsalOptions Create(string? directory, string? node = null)
    {
        if (node is not null && !File.Exists(node)) throw new ToolException(ExitCode.Failure, $"There is no node program {node}. 'dotnet publish src/NovaCron.Dwcp.Node -r linux-x64 -o DIR' makes DIR/dwcpd.");
        return new() { Directory = directory, Images = new Dictionary<string, string> { ["dwcpd"] = node ?? Repository.Node } };
    }
}
