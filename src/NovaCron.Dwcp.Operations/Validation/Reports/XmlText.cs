using System.Text;
using System.Xml;

namespace NovaCron.Dwcp.Operations.Validation.Reports;

/// <summary>Text of pods in XML, which cannot hold every character that a log can.</summary>
internal static class XmlText
{
    /// <summary>The text with a replacement character for what XML 1.0 does not allow.</summary>
    public static string Clean(string text)
    {
        var clean = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (i + 1 < text.Length && XmlConvert.IsXmlSurrogatePair(text[i + 1], text[i]))
                clean.Append(text[i]).Append(text[++i]);
            else
                clean.Append(XmlConvert.IsXmlChar(text[i]) ? text[i] : '\uFFFD');
        }

        return clean.ToString();
    }

    /// <summary>What a check that did not pass has to say: detail, remedy, evidence.</summary>
    public static string Story(CheckResult check) =>
        Clean(string.Join('\n', new[] { check.Detail, check.Remedy }.Concat(check.Evidence.Take(50)).Where(t => t.Length > 0).Distinct()));
}
