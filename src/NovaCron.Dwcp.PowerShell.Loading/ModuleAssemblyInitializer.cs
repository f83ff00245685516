using System.Management.Automation;
using System.Runtime.Loader;

namespace NovaCron.Dwcp.PowerShell.Loading;

/// <summary>Called by PowerShell when it imports this nested module, before it looks at the cmdlets: from here on their dependencies are found.</summary>
/// <remarks>
/// The context outlives <c>Remove-Module</c>: objects that the module has returned still need their assemblies, and a second
/// <c>Import-Module</c> must find the same types.
/// </remarks>
public sealed class ModuleAssemblyInitializer : IModuleAssemblyInitializer
{
    private static readonly object Gate = new();
    private static DependencyLoadContext? s_context;

    /// <inheritdoc/>
    public void OnImport()
    {
        lock (Gate)
        {
            if (s_context is not null)
                return;
            var bin = Path.GetDirectoryName(typeof(ModuleAssemblyInitializer).Assembly.Location)!;
            s_context = new DependencyLoadContext(Path.Combine(bin, "dependencies"));
            AssemblyLoadContext.Default.Resolving += s_context.ResolveForDefaultContext;
        }
    }
}
