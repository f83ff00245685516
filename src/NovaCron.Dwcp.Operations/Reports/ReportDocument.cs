using System.Net;
using System.Text;

namespace NovaCron.Dwcp.Operations.Reports;

/// <summary>A small document of headings, paragraphs, lists, tables, code and charts that can be written as Markdown and as self-contained HTML.</summary>
public sealed class ReportDocument(string title)
{
    private const string Style = """
        body{font:15px/1.5 system-ui,sans-serif;max-width:1000px;margin:2rem auto;padding:0 1rem;color:#1a1f24;background:#fff}
        h1{font-size:1.6rem}h2{font-size:1.15rem;margin-top:2rem}
        table{border-collapse:collapse;width:100%;margin:.5rem 0}td,th{border-bottom:1px solid #d5dbe1;padding:.3rem .6rem;text-align:left;vertical-align:top}
        pre{background:#f3f5f7;padding:.8rem;overflow-x:auto;border-radius:4px}figure{margin:1rem 0}figcaption{font-size:.85rem;color:#4b5763}
        svg{width:100%;height:auto}
        @media (prefers-color-scheme:dark){body{color:#e4e8ec;background:#14181c}td,th{border-color:#38424c}pre{background:#1f262d}figcaption{color:#9aa7b3}}
        """;

    private readonly List<(Action<StringBuilder> Markdown, Action<StringBuilder> Html)> _parts = [];

    public string Title { get; } = title;

    public void Heading(string text) => Add(md => md.Append("## ").Append(Line(text)).Append("\n\n"), html => html.Append("<h2>").Append(Encode(text)).Append("</h2>\n"));

    public void Paragraph(string text) => Add(md => md.Append(Line(text)).Append("\n\n"), html => html.Append("<p>").Append(Encode(text)).Append("</p>\n"));

    public void Code(string text) => Add(
        md => md.Append("```\n").Append(text).Append("\n```\n\n"), html => html.Append("<pre>").Append(Encode(text)).Append("</pre>\n"));

    public void List(IReadOnlyList<string> items) => Add(
        md =>
        {
            foreach (var item in items) md.Append("- ").Append(Line(item)).Append('\n');
            md.Append('\n');
        },
        html =>
        {
            html.Append("<ul>\n");
            foreach (var item in items) html.Append("<li>").Append(Encode(item)).Append("</li>\n");
            html.Append("</ul>\n");
        });

    public void Table(IReadOnlyList<string> header, IReadOnlyList<string[]> rows) => Add(
        md =>
        {
            md.Append("| ").AppendJoin(" | ", header.Select(Cell)).Append(" |\n|").Insert(md.Length, " --- |", header.Count).Append('\n');
            foreach (var row in rows) md.Append("| ").AppendJoin(" | ", row.Select(Cell)).Append(" |\n");
            md.Append('\n');
        },
        html =>
        {
            html.Append("<table>\n");
            if (header.Any(text => text.Length > 0)) html.Append("<tr>").AppendJoin("", header.Select(text => $"<th>{Encode(text)}</th>")).Append("</tr>\n");
            foreach (var row in rows) html.Append("<tr>").AppendJoin("", row.Select(text => $"<td>{Encode(text)}</td>")).Append("</tr>\n");
            html.Append("</table>\n");
        });

    /// <summary>A chart in HTML; in Markdown its caption with the range of the numbers.</summary>
    public void Chart(LineChart chart) => Add(
        md => md.Append("*").Append(Line(chart.Summary)).Append("*\n\n"),
        html => html.Append("<figure>").Append(chart.ToSvg()).Append("<figcaption>").Append(Encode(chart.Summary)).Append("</figcaption></figure>\n"));

    public string ToMarkdown()
    {
        var text = new StringBuilder().Append("# ").Append(Line(Title)).Append("\n\n");
        foreach (var (markdown, _) in _parts) markdown(text);
        return text.ToString().TrimEnd() + "\n";
    }

    public string ToHtml()
    {
        var text = new StringBuilder("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">")
            .Append("<title>").Append(Encode(Title)).Append("</title><style>").Append(Style).Append("</style></head><body>\n<h1>").Append(Encode(Title)).Append("</h1>\n");
        foreach (var (_, html) in _parts) html(text);
        return text.Append("</body></html>\n").ToString();
    }

    private void Add(Action<StringBuilder> markdown, Action<StringBuilder> html) => _parts.Add((markdown, html));

    /// <summary>Text of pods and people must stay on its line and out of the markup.</summary>
    private static string Line(string text) => text.ReplaceLineEndings(" ").Replace("<", "&lt;", StringComparison.Ordinal);

    private static string Cell(string text) => Line(text).Replace("|", "\\|", StringComparison.Ordinal);

    private static string Encode(string text) => WebUtility.HtmlEncode(text);
}
