using System.Globalization;
using System.Xml.Linq;

namespace NovaCron.Dwcp.Operations.Validation.Reports;

/// <summary>
/// A validation as JUnit XML: a suite for each category, a test for each check, and one for the decision itself, which fails unless it is GO.
/// Source: https://github.com/testmoapp/junitxml.
/// </summary>
internal static class JUnitReport
{
    public static XDocument Write(DwcpValidationReport report)
    {
        var suites = report.Checks.GroupBy(c => c.Category).Select(category => Suite(category.Key.ToString(), report, [.. category.Select(c => Case(report, c))])).ToList();
        var decision = new XElement("testcase", new XAttribute("classname", $"{report.Namespace}.Decision"), new XAttribute("name", "decision"), new XAttribute("time", "0"));
        if (report.Decision != ValidationDecision.Go)
            decision.Add(new XElement(report.Decision == ValidationDecision.Undecided ? "error" : "failure",
                new XAttribute("message", XmlText.Clean($"{report.DecisionText}: {report.Reason}")), new XAttribute("type", report.DecisionText), XmlText.Clean(string.Join('\n', report.Fixes))));
        suites.Add(Suite("Decision", report, [decision]));
        return new XDocument(new XElement("testsuites",
            new XAttribute("name", $"DWCP validation of {report.Namespace}"), Counts(suites.Elements("testcase").ToList()), new XAttribute("time", Seconds(report.Duration)), suites));
    }

    private static XElement Suite(string name, DwcpValidationReport report, IReadOnlyList<XElement> cases) => new("testsuite",
        new XAttribute("name", name), Counts(cases), new XAttribute("timestamp", report.StartedAt.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture)),
        new XAttribute("time", cases.Sum(c => (double)c.Attribute("time")!).ToString("0.000", CultureInfo.InvariantCulture)), new XAttribute("hostname", XmlText.Clean(report.Server)), cases);

    private static XElement Case(DwcpValidationReport report, CheckResult check)
    {
        var test = new XElement("testcase",
            new XAttribute("classname", $"{report.Namespace}.{check.Category}"), new XAttribute("name", $"{check.Id}: {check.Title}"), new XAttribute("time", Seconds(check.Duration)));
        test.Add(check.Status switch
        {
            CheckStatus.Fail => new XElement("failure", new XAttribute("message", XmlText.Clean(check.Detail)), new XAttribute("type", check.Severity.ToString()), XmlText.Story(check)),
            CheckStatus.Error => new XElement("error", new XAttribute("message", XmlText.Clean(check.Detail)), new XAttribute("type", check.Severity.ToString()), XmlText.Story(check)),
            CheckStatus.Skipped => new XElement("skipped", new XAttribute("message", XmlText.Clean(check.Detail))),
            _ => new XElement("system-out", XmlText.Story(check)),
        });
        return test;
    }

    private static XAttribute[] Counts(IReadOnlyList<XElement> cases) =>
    [
        new("tests", cases.Count), new("failures", cases.Count(c => c.Element("failure") is not null)),
        new("errors", cases.Count(c => c.Element("error") is not null)), new("skipped", cases.Count(c => c.Element("skipped") is not null)),
    ];

    private static string Seconds(TimeSpan time) => time.TotalSeconds.ToString("0.000", CultureInfo.InvariantCulture);
}
