using System.Text.Json;
using System.Text.Json.Nodes;

namespace NovaCron.Dwcp.Operations.Staging.Infrastructure;

/// <summary>
/// Reads what <c>terraform ... -json</c> writes, a JSON object a line. Lines that are none (a wrapper's chatter) are kept as text for the complaint. Source:
/// https://developer.hashicorp.com/terraform/internals/machine-readable-ui.
/// </summary>
internal sealed class TerraformStream(Action<string, bool> report)
{
    /// <summary>Lines of chatter that are kept.</summary>
    private const int KeptLines = 20;

    private const int MaximumLine = 1 << 20;

    private readonly object _lock = new();
    private readonly Queue<string> _chatter = new();

    public List<InfrastructureChange> Planned { get; } = [];

    public List<InfrastructureChange> Drifted { get; } = [];

    public List<InfrastructureChange> Done { get; } = [];

    public List<TerraformDiagnostic> Diagnostics { get; } = [];

    public IReadOnlyList<string> Warnings => [.. Diagnostics.Where(d => !d.IsError).Select(d => d.ToString())];

    public string Chatter => string.Join(" | ", _chatter);

    public void Read(string line)
    {
        try
        {
            if (Parse(line) is { } message)
            {
                Read(message);
                return;
            }
        }
        catch (ArgumentException)
        {
            // A key twice: JSON, but none of Terraform's.
        }

        lock (_lock)
        {
            if (line.Trim().Length > 0)
                _chatter.Enqueue(line.Trim());
            if (_chatter.Count > KeptLines)
                _chatter.Dequeue();
        }
    }

    private void Read(JsonObject message)
    {
        var text = Text(message["@message"]) ?? "";
        switch (Text(message["type"]))
        {
            case "planned_change" when Change(message["change"]) is { } change:
                Planned.Add(change);
                report(text, false);
                break;
            case "resource_drift" when Change(message["change"]) is { } change:
                Drifted.Add(change);
                report(text, false);
                break;
            case "apply_complete" when Change(message["hook"]) is { } change:
                Done.Add(change);
                report(text, false);
                break;
            case "apply_errored":
                report(text, true);
                break;
            case "diagnostic":
                var diagnostic = TerraformDiagnostic.Read(message["diagnostic"] as JsonObject ?? []);
                Diagnostics.Add(diagnostic);
                report(diagnostic.ToString(), true);
                break;
            case "apply_start" or "apply_progress" or "change_summary" or "init_output":
                report(text, false);
                break;
            default:
                break;
        }
    }

    private static InfrastructureChange? Change(JsonNode? node) =>
        Text(At(At(node, "resource"), "addr")) is { } address ? new InfrastructureChange(address, Text(At(node, "action")) ?? "update") : null;

    private static JsonObject? Parse(string line)
    {
        if (line.Length is 0 or > MaximumLine || line[0] != '{')
            return null;
        try
        {
            return JsonNode.Parse(line) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    internal static JsonNode? At(JsonNode? node, string key) => (node as JsonObject)?[key];

    internal static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;
}
