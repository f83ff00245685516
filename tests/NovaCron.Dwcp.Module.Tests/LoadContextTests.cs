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

    [Fact]
    public void The_AWS_SDK_of_the_module_stays_with_the_module()
    {
        // Loads it: the profile does not exist, and that is said by the SDK's own store.
        Assert.NotEmpty(session.Run("Get-DwcpStaging -EksCluster c -ProfileName nobody-of-this-name -Region eu-central-1").Errors);
        Assert.Contains(AssemblyLoadContext.All.SelectMany(c => c.Assemblies), a => a.GetName().Name == "AWSSDK.Core");
        Assert.Null(InDefaultContext("AWSSDK.Core"));
        Assert.Null(InDefaultContext("NovaCron.Dwcp.Aws"));
    }

    private static System.Reflection.Assembly? InDefaultContext(string name) =>
        AssemblyLoadContext.Default.Assemblies.SingleOrDefault(assembly => assembly.GetName().Name == name);
}
