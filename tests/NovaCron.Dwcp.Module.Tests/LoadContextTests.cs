using System.Runtime.Loader;

namespace NovaCron.Dwcp.Module.Tests;

public sealed class LoadContextTests(ModuleSession session) : IClassFixture<ModuleSession>
{
    [Fact]
    public void Module_uses_its_own_YamlDotNet_although_the_session_loaded_an_older_one_first()
    {
        Assert.Equal(16, ForeignAssemblies.YamlDotNet.GetName().Version!.Major);
        Assert.Same(ForeignAssemblies.YamlDotNet, InDefaultContext("YamlDotNet"));
    }

    [Fact]
    public void Third_party_assemblies_of_the_module_are_never_handed_to_the_rest_of_the_session() =>
        Assert.Throws<FileNotFoundException>(() => AssemblyLoadContext.Default.LoadFromAssemblyName(new("Fractions")));

    [Fact]
    public void Cmdlet_assembly_is_in_the_default_context_and_its_libraries_are_not()
    {
        Assert.NotNull(session);
        Assert.NotNull(InDefaultContext("NovaCron.Dwcp.PowerShell"));
        Assert.Null(InDefaultContext("NovaCron.Dwcp.Operations"));
        Assert.Null(InDefaultContext("NovaCron.Dwcp.Transport"));
    }

    private static System.Reflection.Assembly? InDefaultContext(string name) =>
        AssemblyLoadContext.Default.Assemblies.SingleOrDefault(assembly => assembly.GetName().Name == name);
}
