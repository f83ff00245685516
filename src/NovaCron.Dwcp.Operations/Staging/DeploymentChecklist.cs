using System.Globalization;
using System.Text;

namespace NovaCron.Dwcp.Operations.Staging;

/// <summary>
/// What must be so before a deployment and after it, each point ticked by what this run has seen. A point that nothing was seen of stays open and says why.
/// </summary>
internal sealed class DeploymentChecklist
{
    private readonly List<(bool Before, string Text, bool IsDone, string Evidence)> _points = [];

    public void Before(string text, bool isDone, string evidence) => _points.Add((true, text, isDone, evidence));

    public void After(string text, bool isDone, string evidence) => _points.Add((false, text, isDone, evidence));

    public int Open => _points.Count(p => !p.IsDone);

    /// <summary>One of the two lists as Markdown.</summary>
    public string Write(bool before, string title, string subject, DateTimeOffset now)
    {
        var text = new StringBuilder().Append(CultureInfo.InvariantCulture, $"# {title}\n\n{subject}, {now.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC\n\n");
        foreach (var (_, point, isDone, evidence) in _points.Where(p => p.Before == before))
            text.Append(CultureInfo.InvariantCulture, $"- [{(isDone ? 'x' : ' ')}] {point}: {evidence.ReplaceLineEndings(" ")}\n");
        return text.ToString();
    }
}
