using System.Management.Automation;

namespace NovaCron.Dwcp.Module.Tests;

public sealed class ManifestTests(ModuleSession session) : IClassFixture<ModuleSession>
{
    [Fact]
    public void Manifest_exports_every_cmdlet_of_the_assembly_by_name_and_nothing_else()
    {
        var inAssembly = session.Cmdlets[0].ImplementingType.Assembly.GetExportedTypes()
            .Select(type => type.GetCustomAttributes(typeof(CmdletAttribute), false).Cast<CmdletAttribute>().SingleOrDefault())
            .Where(cmdlet => cmdlet is not null)
            .Select(cmdlet => $"{cmdlet!.VerbName}-{cmdlet.NounName}").Order();
        Assert.Equal(inAssembly, session.Cmdlets.Select(cmdlet => cmdlet.Name).Order());
        Assert.DoesNotContain("*", string.Join(' ', session.Cmdlets.Select(cmdlet => cmdlet.Name)));
        Assert.DoesNotContain("'*'", File.ReadAllText(ModuleSession.ManifestPath));
    }

    [Fact]
    public void Manifest_is_valid_and_asks_for_PowerShell_7_4_Core()
    {
        var manifest = Assert.Single(session.Invoke("param($path) Test-ModuleManifest $path", ModuleSession.ManifestPath));
        Assert.Equal(new Version(7, 4), manifest.Properties["PowerShellVersion"].Value);
        Assert.Equal(["Core"], (IEnumerable<string>)manifest.Properties["CompatiblePSEditions"].Value);
    }

    [Fact]
    public void Every_cmdlet_has_an_approved_verb_a_Dwcp_noun_and_an_output_type()
    {
        var verbs = typeof(VerbsCommon).Assembly.GetExportedTypes()
            .Where(type => type.Namespace == "System.Management.Automation" && type.Name.StartsWith("Verbs", StringComparison.Ordinal))
            .SelectMany(type => type.GetFields()).Select(field => $"{field.GetRawConstantValue()}").ToHashSet();
        Assert.All(session.Cmdlets, cmdlet =>
        {
            Assert.Contains(cmdlet.Verb, verbs);
            Assert.StartsWith("Dwcp", cmdlet.Noun);
            // Readiness is one.
            Assert.False(cmdlet.Noun.EndsWith('s') && !cmdlet.Noun.EndsWith("ss", StringComparison.Ordinal), cmdlet.Noun);
            Assert.NotEmpty(cmdlet.OutputType);
        });
    }

    [Fact]
    public void Every_cmdlet_that_changes_something_supports_WhatIf_and_the_grave_ones_ask()
    {
        string[] changing = ["New", "Set", "Remove", "Approve", "Suspend", "Resume", "Start", "Export"];
        Assert.All(session.Cmdlets.Where(cmdlet => changing.Contains(cmdlet.Verb)), cmdlet => Assert.True(cmdlet.Parameters.ContainsKey("WhatIf"), cmdlet.Name));
        Assert.Equal(ConfirmImpact.High, Impact("Set-DwcpRollout"));
        Assert.Equal(ConfirmImpact.High, Impact("Remove-DwcpStaging"));
        Assert.Equal(ConfirmImpact.Medium, Impact("Invoke-DwcpRollback"));
    }

    [Fact]
    public void Every_cluster_cmdlet_takes_a_server_a_token_and_an_authority_instead_of_a_kubeconfig() =>
        Assert.All(session.Cmdlets.Where(cmdlet => cmdlet.Parameters.ContainsKey("Kubeconfig")), cmdlet =>
        {
            Assert.True(cmdlet.Parameters.ContainsKey("Server") && cmdlet.Parameters.ContainsKey("CertificateAuthority"), cmdlet.Name);
            Assert.Equal(typeof(System.Security.SecureString), cmdlet.Parameters["Token"].ParameterType);
        });

    private ConfirmImpact Impact(string name) =>
        session.Cmdlets.Single(cmdlet => cmdlet.Name == name).ImplementingType.GetCustomAttributes(typeof(CmdletAttribute), false).Cast<CmdletAttribute>().Single().ConfirmImpact;
}
