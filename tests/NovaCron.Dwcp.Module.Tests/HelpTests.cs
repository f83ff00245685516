using System.Management.Automation;

namespace NovaCron.Dwcp.Module.Tests;

/// <remarks>To write the help anew after a change: DWCP_WRITE_HELP=1 dotnet test.</remarks>
public sealed class HelpTests(ModuleSession session) : IClassFixture<ModuleSession>
{
    [Fact]
    public void Help_file_says_what_the_cmdlets_documentation_says()
    {
        var written = HelpDocument.Write(session.Cmdlets);
        if (Environment.GetEnvironmentVariable("DWCP_WRITE_HELP") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(HelpDocument.Path)!);
            File.WriteAllText(HelpDocument.Path, written);
        }
        Assert.Equal(written, File.ReadAllText(HelpDocument.Path));
    }

    [Fact]
    public void Get_Help_shows_synopsis_parameters_and_an_example_for_every_parameter_set()
    {
        foreach (var cmdlet in session.Cmdlets)
        {
            var help = Assert.Single(session.Invoke("param($name) Get-Help $name -Full", cmdlet.Name));
            var synopsis = $"{help.Properties["Synopsis"]?.Value}";
            Assert.False(string.IsNullOrWhiteSpace(synopsis) || synopsis.Contains('['), $"{cmdlet.Name} has no synopsis: {synopsis}");
            var examples = ((PSObject)help.Properties["examples"].Value).Properties["example"].Value;
            var count = examples is object[] several ? several.Length : 1;
            Assert.True(count >= Math.Max(1, cmdlet.ParameterSets.Count), $"{cmdlet.Name} has {count} examples for {cmdlet.ParameterSets.Count} parameter sets.");
            foreach (var parameter in cmdlet.Parameters.Values.Where(parameter => !Cmdlet.CommonParameters.Contains(parameter.Name)))
            {
                var description = session.Invoke("param($name, $parameter) (Get-Help $name -Parameter $parameter).description.ForEach({ $_.Text }) -join ' '", cmdlet.Name, parameter.Name);
                Assert.False(string.IsNullOrWhiteSpace($"{Assert.Single(description)}"), $"{cmdlet.Name} -{parameter.Name} is not described.");
            }
        }
    }

    [Fact]
    public void Examples_are_valid_and_name_parameters_that_exist()
    {
        foreach (var cmdlet in session.Cmdlets)
        {
            var codes = session.Invoke("param($name) (Get-Help $name -Full).examples.example.ForEach({ $_.code })", cmdlet.Name);
            foreach (var code in codes.Select(code => $"{code}"))
            {
                var ast = System.Management.Automation.Language.Parser.ParseInput(code, out _, out var errors);
                Assert.True(errors.Length == 0, $"{cmdlet.Name}: {code}: {errors.FirstOrDefault()?.Message}");
                foreach (var command in ast.FindAll(node => node is System.Management.Automation.Language.CommandAst, true).Cast<System.Management.Automation.Language.CommandAst>())
                {
                    var info = session.Cmdlets.FirstOrDefault(known => known.Name == command.GetCommandName());
                    if (info is null)
                        continue;
                    foreach (var parameter in command.CommandElements.OfType<System.Management.Automation.Language.CommandParameterAst>())
                        Assert.True(info.Parameters.ContainsKey(parameter.ParameterName), $"{code}: there is no -{parameter.ParameterName}.");
                }
            }
        }
    }
}
