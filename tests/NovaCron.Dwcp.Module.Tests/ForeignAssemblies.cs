using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.Loader;

namespace NovaCron.Dwcp.Module.Tests;

/// <summary>
/// The session's own copies of assemblies that the module depends on too, in other versions, loaded before it: a real older
/// YamlDotNet, and a KubernetesClient that has nothing in it but its name.
/// </summary>
public static class ForeignAssemblies
{
    private static readonly Lazy<(Assembly YamlDotNet, Assembly KubernetesClient)> Loaded = new(LoadBoth);

    public static Assembly YamlDotNet => Loaded.Value.YamlDotNet;

    public static Assembly KubernetesClient => Loaded.Value.KubernetesClient;

    public static void Load() => _ = Loaded.Value;

    private static (Assembly, Assembly) LoadBoth()
    {
        var yaml = AssemblyLoadContext.Default.LoadFromAssemblyPath(Path.Combine(AppContext.BaseDirectory, "foreign", "YamlDotNet.dll"));
        var builder = new PersistedAssemblyBuilder(new AssemblyName("KubernetesClient") { Version = new Version(99, 0, 0, 0) }, typeof(object).Assembly);
        builder.DefineDynamicModule("KubernetesClient").DefineType("k8s.NotTheOneYouWant", TypeAttributes.Public).CreateType();
        using var image = new MemoryStream();
        builder.Save(image);
        image.Position = 0;
        return (yaml, AssemblyLoadContext.Default.LoadFromStream(image));
    }
}
