using System.Text.Json;
using System.Text.Json.Nodes;

namespace NovaCron.Dwcp.Operations.Staging.Backups;

/// <summary>What a backup holds, as JSON; in a ConfigMap and, if wanted, in a file.</summary>
internal sealed record BackupDocument
{
    /// <summary>A reader knows by it whether it understands the rest.</summary>
    public const int CurrentFormat = 1;

    /// <summary>Bytes of a file that is still read.</summary>
    public const long MaximumSize = 4 << 20;

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public int Format { get; init; } = CurrentFormat;

    public required DwcpBackup Backup { get; init; }

    /// <summary>The deployment's own record; null when nothing was deployed.</summary>
    public JsonObject? Record { get; init; }

    /// <summary>What the deployment had applied, object by object, in the order of applying.</summary>
    public IReadOnlyList<JsonObject> Objects { get; init; } = [];

    public string Write() => JsonSerializer.Serialize(this, Json) + "\n";

    /// <exception cref="DwcpStagingException">It is no backup, or of another format; the message names <paramref name="source"/>.</exception>
    public static BackupDocument Read(string source, string text)
    {
        BackupDocument? document;
        try
        {
            document = JsonSerializer.Deserialize<BackupDocument>(text, Json);
        }
        catch (JsonException e)
        {
            throw Unreadable(source, e.Message, e);
        }

        if (document?.Backup is null || document.Objects is null || document.Objects.Any(o => o is null))
            throw Unreadable(source, "it holds no backup", null);
        return document.Format == CurrentFormat ? document : throw Unreadable(source, $"its format is {document.Format}, this release reads {CurrentFormat}", null);
    }

    private static DwcpStagingException Unreadable(string source, string why, Exception? inner) =>
        new(StagingStage.Configuration, source, $"cannot be read as a backup: {why}", "Name another backup (Backup-DwcpConfiguration -List shows them).", inner);
}
