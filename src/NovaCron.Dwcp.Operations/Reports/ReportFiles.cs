using System.Text.Json;
using NovaCron.Dwcp.Operations.Rollout;

namespace NovaCron.Dwcp.Operations.Reports;

/// <summary>Writes one report in all its forms.</summary>
public static class ReportFiles
{
    /// <summary>Writes NAME.md, NAME.json and NAME.html.</summary>
    /// <param name="document">The report for people.</param>
    /// <param name="model">The object behind it, for programs.</param>
    /// <param name="directory">Where; created when absent.</param>
    /// <param name="name">File name without extension.</param>
    /// <param name="cancellationToken">Cancels the writing.</param>
    public static async Task<IReadOnlyList<string>> WriteAsync<T>(ReportDocument document, T model, string directory, string name, CancellationToken cancellationToken = default)
    {
        Directory.CreateDirectory(directory);
        var files = new[] { Path.Combine(directory, name + ".md"), Path.Combine(directory, name + ".json"), Path.Combine(directory, name + ".html") };
        await File.WriteAllTextAsync(files[0], document.ToMarkdown(), cancellationToken).ConfigureAwait(false);
        await File.WriteAllTextAsync(files[1], JsonSerializer.Serialize(model, RolloutJson.Indented) + "\n", cancellationToken).ConfigureAwait(false);
        await File.WriteAllTextAsync(files[2], document.ToHtml(), cancellationToken).ConfigureAwait(false);
        return files;
    }
}
