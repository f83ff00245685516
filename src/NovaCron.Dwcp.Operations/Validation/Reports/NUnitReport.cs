using System.Globalization;
using System.Xml.Linq;

namespace NovaCron.Dwcp.Operations.Validation.Reports;

/// <summary>
/// A validation as an NUnit 3 result: a fixture for each category, a case for each check, and one for the decision itself.
/// Source: https://docs.nunit.org/articles/nunit/technical-notes/usage/Test-Result-XML-Format.html.
/// </summary>
internal static class NUnitReport
{
    public static XDocument Write(DwcpValidationReport report)
    {
        var next = 0;
        var fixtures = report.Checks.GroupBy(c => c.Category)
            .Select(category => Suite("TestFixture", category.Key.ToString(), report, [.. category.Select(c => Case(report, c))])).ToList();
        var decision = report.Decision == ValidationDecision.Go;
        fixtures.Add(Suite("TestFixture", "Decision", report,
            [Element("decision", $"{report.Namespace}.Decision.decision", decision ? "Passed" : "Failed", report.Decision == ValidationDecision.Undecided ? "Error" : null, TimeSpan.Zero, $"{report.DecisionText}: {report.Reason}")]));
        var cases = fixtures.Elements("test-case").ToList();
        var run = new XElement("test-run", new XAttribute("id", "0"), new XAttribute("testcasecount", cases.Count), Outcome(cases), new XAttribute("engine-version", report.Release),
            Times(report), Suite("Assembly", $"DWCP validation of {report.Namespace}", report, fixtures));
        return new XDocument(run);

        XElement Suite(string type, string name, DwcpValidationReport of, IReadOnlyList<XElement> children)
        {
            var own = children.SelectMany(c => c.DescendantsAndSelf("test-case")).ToList();
            return new XElement("test-suite", new XAttribute("type", type), new XAttribute("id", Id()), new XAttribute("name", name), new XAttribute("fullname", $"{of.Namespace}.{name}"),
                new XAttribute("runstate", "Runnable"), new XAttribute("testcasecount", own.Count), Outcome(own), Times(of), children);
        }

        XElement Case(DwcpValidationReport of, CheckResult check) => Element(check.Id, $"{of.Namespace}.{check.Category}.{check.Id}", check.Status switch
        {
            CheckStatus.Pass => "Passed",
            CheckStatus.Skipped => "Skipped",
            _ => "Failed",
        }, check.Status == CheckStatus.Error ? "Error" : null, check.Duration, XmlText.Story(check), check.Title, check.Severity.ToString());

        XElement Element(string name, string fullName, string result, string? label, TimeSpan duration, string message, string? title = null, string? severity = null)
        {
            var test = new XElement("test-case", new XAttribute("id", Id()), new XAttribute("name", name), new XAttribute("fullname", fullName), new XAttribute("runstate", "Runnable"),
                new XAttribute("result", result), label is null ? null : new XAttribute("label", label), new XAttribute("duration", Seconds(duration)), new XAttribute("asserts", "1"));
            if (title is not null)
                test.Add(new XElement("properties", Property("Description", title), Property("Severity", severity!)));
            if (result == "Failed")
                test.Add(new XElement("failure", new XElement("message", XmlText.Clean(message))));
            else
                test.Add(new XElement(result == "Skipped" ? "reason" : "output", result == "Skipped" ? new XElement("message", XmlText.Clean(message)) : XmlText.Clean(message)));
            return test;
        }

        string Id() => string.Create(CultureInfo.InvariantCulture, $"0-{1000 + next++}");
    }

    private static XElement Property(string name, string value) => new("property", new XAttribute("name", name), new XAttribute("value", value));

    private static XAttribute[] Outcome(IReadOnlyList<XElement> cases)
    {
        int Count(string result) => cases.Count(c => (string?)c.Attribute("result") == result);
        return
        [
            new("result", Count("Failed") > 0 ? "Failed" : Count("Passed") > 0 ? "Passed" : "Skipped"), new("total", cases.Count), new("passed", Count("Passed")),
            new("failed", Count("Failed")), new("inconclusive", 0), new("skipped", Count("Skipped")), new("warnings", 0), new("asserts", cases.Count),
        ];
    }

    private static XAttribute[] Times(DwcpValidationReport report) =>
    [
        new("start-time", Time(report.StartedAt)), new("end-time", Time(report.StartedAt + report.Duration)), new("duration", Seconds(report.Duration)),
    ];

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static string Seconds(TimeSpan time) => time.TotalSeconds.ToString("0.000000", CultureInfo.InvariantCulture);
}
