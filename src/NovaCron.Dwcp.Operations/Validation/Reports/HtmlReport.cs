using System.Globalization;
using System.Net;
using System.Text;

namespace NovaCron.Dwcp.Operations.Validation.Reports;

/// <summary>A validation as one HTML file that needs nothing else: filters, evidence to unfold, and a line for what was measured more than once.</summary>
internal static class HtmlReport
{
    private const string Style = """
        body{font:15px/1.5 system-ui,sans-serif;max-width:1100px;margin:2rem auto;padding:0 1rem;color:#1a1f24;background:#fff}
        h1{font-size:1.6rem}h2{font-size:1.15rem;margin-top:2rem}table{border-collapse:collapse;width:100%;margin:.5rem 0}
        td,th{border-bottom:1px solid #d5dbe1;padding:.3rem .6rem;text-align:left;vertical-align:top}
        pre{background:#f3f5f7;padding:.6rem;overflow-x:auto;border-radius:4px;white-space:pre-wrap}
        .d{display:inline-block;padding:.1rem .6rem;border-radius:4px;color:#fff}.go,.pass{background:#1a7f37}.review,.error{background:#9a6700}.no-go,.fail{background:#b42318}.undecided,.skipped{background:#59636e}
        .f{display:flex;flex-wrap:wrap;gap:.8rem;align-items:center;margin:1rem 0}.f input[type=search]{flex:1;min-width:12rem;padding:.3rem}
        .b{background:#d5dbe1;height:.5rem;width:8rem}.b i{display:block;height:100%;background:#1a7f37}svg{width:120px;height:24px}small{color:#59636e}
        @media (prefers-color-scheme:dark){body{color:#e4e8ec;background:#14181c}td,th{border-color:#38424c}pre{background:#1f262d}small{color:#9aa7b3}.b{background:#38424c}}
        """;

    private const string Script = """
        const rows=[...document.querySelectorAll('tr[data-status]')],text=document.querySelector('#text'),category=document.querySelector('#category'),boxes=[...document.querySelectorAll('input[name=status]')];
        function filter(){const words=text.value.toLowerCase(),on=boxes.filter(b=>b.checked).map(b=>b.value);let shown=0;
          for(const r of rows){const ok=on.includes(r.dataset.status)&&(category.value===''||r.dataset.category===category.value)&&r.textContent.toLowerCase().includes(words);r.hidden=!ok;shown+=ok}
          document.querySelector('#shown').textContent=shown+' of '+rows.length+' checks'}
        for(const e of [text,category,...boxes])e.addEventListener('input',filter);filter();
        """;

    public static string Write(DwcpValidationReport report)
    {
        var html = new StringBuilder("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">")
            .Append("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'\">")
            .Append(CultureInfo.InvariantCulture, $"<title>{Encode($"Validation of {report.Namespace}: {report.DecisionText}")}</title><style>{Style}</style></head><body>\n")
            .Append(CultureInfo.InvariantCulture, $"<h1>Validation of {Encode(report.Namespace)} {Badge(report.DecisionText)}</h1>\n<p>{Encode(report.Reason)}</p>\n<table>\n");
        foreach (var (name, value) in ValidationReportFiles.Facts(report))
            html.Append(CultureInfo.InvariantCulture, $"<tr><th>{Encode(name)}</th><td>{Encode(value)}</td></tr>\n");
        html.Append("</table>\n");
        if (report.Fixes.Count > 0)
            html.Append("<h2>What to do</h2>\n<ul>").AppendJoin("", report.Fixes.Select(f => $"<li>{Encode(f)}</li>")).Append("</ul>\n");

        html.Append("<h2>Categories</h2>\n<table><tr><th>Category</th><th></th><th>Percent</th><th>Needs</th><th>Blocking</th><th>Pass</th><th>Fail</th><th>Error</th><th>Skipped</th></tr>\n");
        foreach (var c in report.Categories)
        {
            var percent = c.Percent is { } p ? Math.Floor(p * 10) / 10 : (double?)null;
            html.Append(CultureInfo.InvariantCulture, $"<tr><td>{c.Category}</td><td><div class=\"b\"><i style=\"width:{percent ?? 0:0}%\"></i></div></td><td>{(percent is { } n ? $"{n:0.#}" : "nothing applicable")}</td>")
                .Append(CultureInfo.InvariantCulture, $"<td>{c.Threshold:0}</td><td>{(c.Blocking ? "yes" : "no")}</td><td>{c.Passed}</td><td>{c.Failed}</td><td>{c.Errors}</td><td>{c.Skipped}</td></tr>\n");
        }

        html.Append("</table>\n<h2>Checks</h2>\n<div class=\"f\"><input type=\"search\" id=\"text\" placeholder=\"Filter\" aria-label=\"Filter\"><select id=\"category\" aria-label=\"Category\"><option value=\"\">All categories</option>")
            .AppendJoin("", report.Categories.Select(c => $"<option>{c.Category}</option>")).Append("</select>");
        foreach (var status in Enum.GetValues<CheckStatus>())
            html.Append(CultureInfo.InvariantCulture, $"<label><input type=\"checkbox\" name=\"status\" value=\"{status}\" checked> {status}</label>");
        html.Append("<span id=\"shown\"></span></div>\n<table><tr><th>Result</th><th>Check</th><th>What was seen</th><th>ms</th></tr>\n");
        foreach (var check in report.Checks)
        {
            html.Append(CultureInfo.InvariantCulture, $"<tr data-status=\"{check.Status}\" data-category=\"{check.Category}\"><td>{Badge(check.Status.ToString())}</td>")
                .Append(CultureInfo.InvariantCulture, $"<td>{Encode(check.Id)}<br><small>{check.Category}, {check.Severity}: {Encode(check.Title)}</small></td><td>{Encode(check.Detail)}");
            if (check.Remedy.Length > 0)
                html.Append(CultureInfo.InvariantCulture, $"<br><b>{Encode(check.Remedy)}</b>");
            foreach (var figure in check.Figures.Where(f => f.Runs.Count > 1))
                html.Append(CultureInfo.InvariantCulture, $"<br>{Sparkline(figure)} <small>{Encode(figure.Name)}, {figure.Runs.Count} runs, {figure.Runs.Min():0.###} to {figure.Runs.Max():0.###} {Encode(figure.Unit)}</small>");
            if (check.Evidence.Count > 0)
                html.Append(CultureInfo.InvariantCulture, $"<details><summary>{check.Evidence.Count} pieces of evidence</summary><pre>{Encode(string.Join('\n', check.Evidence))}</pre></details>");
            html.Append(CultureInfo.InvariantCulture, $"</td><td>{check.Duration.TotalMilliseconds:0}</td></tr>\n");
        }

        html.Append("</table>\n");
        if (report.Excluded.Count > 0)
            html.Append("<h2>Left out on request</h2>\n<ul>").AppendJoin("", report.Excluded.Select(e => $"<li>{Encode($"{e.Key}: {e.Value}")}</li>")).Append("</ul>\n");
        return html.Append(CultureInfo.InvariantCulture, $"<script>{Script}</script></body></html>\n").ToString();
    }

    private static string Badge(string text) => $"<span class=\"d {Encode(text.ToLowerInvariant())}\">{Encode(text)}</span>";

    /// <summary>The runs from left to right, the smallest at the bottom.</summary>
    private static string Sparkline(CheckFigure figure)
    {
        var (low, high) = (figure.Runs.Min(), figure.Runs.Max());
        var points = figure.Runs.Select((run, i) => string.Create(CultureInfo.InvariantCulture,
            $"{2 + (116.0 * i / (figure.Runs.Count - 1)):0.#},{(high > low ? 22 - (20 * (run - low) / (high - low)) : 12):0.#}"));
        return $"<svg viewBox=\"0 0 120 24\" role=\"img\" aria-label=\"{Encode(figure.Name)}\"><polyline fill=\"none\" stroke=\"#1a7f37\" stroke-width=\"2\" points=\"{string.Join(' ', points)}\"/></svg>";
    }

    private static string Encode(string text) => WebUtility.HtmlEncode(text);
}
