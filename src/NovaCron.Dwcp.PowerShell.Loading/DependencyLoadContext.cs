using System.Reflection;
using System.Runtime.Loader;

namespace NovaCron.Dwcp.PowerShell.Loading;

/// <summary>
/// Holds everything the cmdlets depend on: our own libraries and the third-party assemblies behind them. A session that has
/// already loaded another YamlDotNet or KubernetesClient keeps its own, and we keep ours.
/// </summary>
internal sealed class DependencyLoadContext : AssemblyLoadContext
{
    private const string OwnPrefix = "NovaCron.Dwcp.";

    private readonly string _directory;

    /// <param name="directory">The module's <c>bin/dependencies</c>.</param>
    public DependencyLoadContext(string directory) : base("NovaCron", isCollectible: false) => _directory = directory;

    /// <summary>Answers the default context when it looks for an assembly that it does not have.</summary>
    /// <remarks>Only our own assemblies are handed out: a stranger's failed search for YamlDotNet must not find ours.</remarks>
    public Assembly? ResolveForDefaultContext(AssemblyLoadContext _, AssemblyName name) =>
        name.Name is { } simple && simple.StartsWith(OwnPrefix, StringComparison.OrdinalIgnoreCase) && PathOf(name) is not null
            ? LoadFromAssemblyName(name)
            : null;

    /// <inheritdoc/>
    protected override Assembly? Load(AssemblyName assemblyName) =>
        PathOf(assemblyName) is { } path ? LoadFromAssemblyPath(path) : null;

    private string? PathOf(AssemblyName name)
    {
        var path = Path.Combine(_directory, name.Name + ".dll");
        return File.Exists(path) ? path : null;
    }
}
