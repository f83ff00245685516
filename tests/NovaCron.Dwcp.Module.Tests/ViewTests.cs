namespace NovaCron.Dwcp.Module.Tests;

public sealed class ViewTests(ModuleSession session) : IClassFixture<ModuleSession>
{
    [Fact]
    public void Fixed_columns_of_every_table_leave_room_within_120_columns()
    {
        foreach (var view in System.Xml.Linq.XDocument.Load(Path.Combine(ModuleSession.Root, "module", "NovaCron.format.ps1xml")).Descendants("TableControl"))
        {
            var columns = view.Descendants("TableColumnHeader").ToList();
            var width = columns.Sum(column => (int?)column.Element("Width") ?? 16) + columns.Count - 1;
            Assert.True(width <= 120, $"{view.Parent!.Element("Name")!.Value} needs {width} columns.");
        }
    }

    [Fact]
    public void Every_type_that_a_view_names_exists_in_the_module()
    {
        foreach (var type in System.Xml.Linq.XDocument.Load(Path.Combine(ModuleSession.Root, "module", "NovaCron.format.ps1xml")).Descendants("TypeName").Select(name => name.Value))
        {
            var assembly = session.Cmdlets[0].ImplementingType.Assembly;
            var referenced = assembly.GetReferencedAssemblies().Where(name => name.Name!.StartsWith("NovaCron", StringComparison.Ordinal)).Select(System.Reflection.Assembly.Load);
            Assert.True(referenced.Append(assembly).Any(candidate => candidate.GetType(type) is not null), $"There is no type {type}.");
        }
    }

    [Fact]
    public void Every_output_type_has_a_view()
    {
        var views = System.Xml.Linq.XDocument.Load(Path.Combine(ModuleSession.Root, "module", "NovaCron.format.ps1xml")).Descendants("TypeName").Select(name => name.Value).ToHashSet();
        foreach (var type in session.Cmdlets.SelectMany(cmdlet => cmdlet.OutputType).Select(type => type.Type).Where(type => type.Namespace!.StartsWith("NovaCron", StringComparison.Ordinal)))
            Assert.True(views.Contains(type.FullName!), $"{type} has no view.");
    }

    // On a List<T>, .ForEach is the method of .NET, which returns nothing: the view would be blank. @() makes it PowerShell's.
    [Fact]
    public void No_view_runs_ForEach_on_a_property_as_it_is()
    {
        var scripts = System.Xml.Linq.XDocument.Load(Path.Combine(ModuleSession.Root, "module", "NovaCron.format.ps1xml")).Descendants("ScriptBlock").Select(script => script.Value);
        Assert.DoesNotContain(scripts, script => System.Text.RegularExpressions.Regex.IsMatch(script, @"\$_(\.\w+)+\.ForEach\("));
    }
}
