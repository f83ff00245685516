using System.Text.Json.Nodes;

namespace NovaCron.Dwcp.Rehearsal.Tables;

/// <summary>One column of a printed table.</summary>
/// <param name="Name">Its heading.</param>
/// <param name="Cell">Its value for an object; the time is now.</param>
internal sealed record TableColumn(string Name, Func<JsonObject, DateTimeOffset, JsonNode?> Cell)
{
    /// <summary>0 is always shown, 1 with <c>-o wide</c>.</summary>
    public int Priority { get; init; }

    public string Type { get; init; } = "string";

    public string Format { get; init; } = "";

    public string Description { get; init; } = "";
}
