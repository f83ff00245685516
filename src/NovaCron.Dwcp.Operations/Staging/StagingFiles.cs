using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace NovaCron.Dwcp.Operations.Staging;

/// <summary>
/// What a deployment leaves behind in a directory: <c>deployment-log.jsonl</c> (every line with its time, appended, also of a run that failed),
/// <c>staging-deployment-info.json</c> (the result) and <c>staging-outputs.json</c> (addresses and images, for scripts). None holds a secret.
/// </summary>
internal sealed class StagingFiles
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter() },
    };

    private readonly string _directory;
    private readonly TimeProvider _time;
    private readonly object _lock = new();

    public StagingFiles(string directory, TimeProvider time)
    {
        _directory = directory;
        _time = time;
        Directory.CreateDirectory(directory);
    }

    public void Log(StagingStage stage, string message, bool warning)
    {
        var line = new JsonObject
        {
            ["time"] = _time.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", System.Globalization.CultureInfo.InvariantCulture),
            ["level"] = warning ? "warn" : "info",
            ["stage"] = stage.ToString(),
            ["message"] = message,
        };
        lock (_lock)
            File.AppendAllText(Path.Combine(_directory, "deployment-log.jsonl"), line.ToJsonString(new JsonSerializerOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }) + "\n");
    }

    /// <summary>Also after a failure: what is open is then what the failure left open.</summary>
    public void Write(DeploymentChecklist checklist, string subject)
    {
        var now = _time.GetUtcNow();
        File.WriteAllText(Path.Combine(_directory, "checklist-before.md"), checklist.Write(true, "Before the deployment", subject, now));
        File.WriteAllText(Path.Combine(_directory, "checklist-deployment.md"), checklist.Write(false, "The deployment", subject, now));
    }

    public void Write(DwcpStaging staging, StagingOptions options)
    {
        File.WriteAllText(Path.Combine(_directory, "staging-deployment-info.json"), JsonSerializer.Serialize(staging, Json) + "\n");
        var outputs = new JsonObject
        {
            ["namespace"] = staging.Namespace,
            ["server"] = staging.Server,
            ["release"] = staging.Release,
            ["manifestHash"] = staging.ManifestHash,
            ["dataAddress"] = staging.DataAddress,
            ["images"] = new JsonObject(staging.Images.GroupBy(i => i.Component).Select(g => KeyValuePair.Create(g.Key, (JsonNode?)(g.First().Digest ?? g.First().Reference)))),
            ["services"] = new JsonObject(staging.Services.Select(s => KeyValuePair.Create($"{s.Service}:{s.PortName}", (JsonNode?)(s.ExternalAddress ?? s.Address)))),
        };
        if (options.InfrastructureOutputs.Count > 0)
            outputs["infrastructure"] = new JsonObject(options.InfrastructureOutputs.Select(o => KeyValuePair.Create(o.Key, o.Value?.DeepClone())));
        File.WriteAllText(Path.Combine(_directory, "staging-outputs.json"), outputs.ToJsonString(Json) + "\n");
    }
}
