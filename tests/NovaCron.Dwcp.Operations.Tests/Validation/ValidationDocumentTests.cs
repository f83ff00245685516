using System.Text;
using NovaCron.Dwcp.Operations.Validation;

namespace NovaCron.Dwcp.Operations.Tests.Validation;

/// <summary>The tables of docs/validation.md say what the catalogue and the mutation matrix say.</summary>
/// <remarks>To write them anew after a change: DWCP_WRITE_DOCS=1 dotnet test.</remarks>
public sealed class ValidationDocumentTests
{
    [Fact]
    public void The_document_lists_every_check_and_every_defect()
    {
        var path = Path.Combine(Root(), "docs", "validation.md");
        var text = File.ReadAllText(path);
        var written = Replace(Replace(text, "checks", Checks()), "defects", Defects());
        if (Environment.GetEnvironmentVariable("DWCP_WRITE_DOCS") == "1")
        {
            File.WriteAllText(path, written);
            return;
        }

        Assert.Equal(written, text);
    }

    private static string Checks()
    {
        var table = new StringBuilder("| check | severity | phase | what holds when it passes | what to do when not |\n| --- | --- | --- | --- | --- |\n");
        foreach (var check in CheckCatalogue.All)
            table.Append($"| `{check.Id}` | {check.Severity} | {check.Phase} | {Cell(check.Title)} | {Cell(check.Remedy)} |\n");
        return table.ToString();
    }

    private static string Defects()
    {
        var table = new StringBuilder("| check | defect | comes out as | decision | follows |\n| --- | --- | --- | --- | --- |\n");
        foreach (var mutation in CheckCatalogue.All.SelectMany(c => Mutations.All.Where(m => m.Check == c.Id)))
            table.Append($"| `{mutation.Check}` | {Cell(mutation.Defect)} | {mutation.Expected} | {mutation.Decision} | {string.Join(", ", mutation.Follows)} |\n");
        return table.ToString();
    }

    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal);

    private static string Replace(string text, string section, string table)
    {
        var (start, end) = ($"<!-- {section} -->\n", $"<!-- /{section} -->");
        var from = text.IndexOf(start, StringComparison.Ordinal) + start.Length;
        return text[..from] + table + text[text.IndexOf(end, StringComparison.Ordinal)..];
    }

    private static string Root()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory!.FullName, "NovaCron.Dwcp.sln")))
            directory = directory.Parent;
        return directory.FullName;
    }
}
