namespace NovaCron.Dwcp.Rehearsal.Kubelet.Images;

/// <summary>A program of ours: it honours DWCP_ROOT and DWCP_BIND_ADDRESS, so that nothing needs rewriting.</summary>
internal sealed class ProgramImage(string path) : ContainerImage(path)
{
    public override IReadOnlyDictionary<string, string> Environment { get; } = new Dictionary<string, string>
    {
        // Ten pods share the machine: one heap each, not one per core.
        ["DOTNET_gcServer"] = "0",
        // A killed process would leave its diagnostics sockets behind.
        ["DOTNET_EnableDiagnostics"] = "0",
        ["DOTNET_ROOT"] = DotnetHost.Root,
        ["DOTNET_NOLOGO"] = "1",
    };
}
