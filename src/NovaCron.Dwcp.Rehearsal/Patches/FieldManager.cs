using System.Text.Json.Nodes;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Patches;

/// <summary>Who owns a set of fields: one entry of <c>metadata.managedFields</c> without its fields.</summary>
/// <param name="Name">Name of the manager.</param>
/// <param name="Operation"><c>Apply</c> or <c>Update</c>.</param>
/// <param name="ApiVersion">Version in which the paths are written.</param>
/// <param name="Subresource">Subresource through which it wrote; empty for the object itself.</param>
public sealed record FieldManager(string Name, string Operation, string ApiVersion, string Subresource)
{
    /// <summary>Operation of server-side apply.</summary>
    public const string Apply = "Apply";

    /// <summary>Operation of every other write.</summary>
    public const string Update = "Update";

    internal static FieldManager Parse(JsonObject entry) => new(
        entry.Text("manager") ?? "", entry.Text("operation") ?? Update, entry.Text("apiVersion") ?? "", entry.Text("subresource") ?? "");

    internal string Describe(string? time)
    {
        var text = $"\"{Name}\"";
        if (Subresource.Length > 0)
        {
            text += $" with subresource \"{Subresource}\"";
        }
        if (Operation == Update)
        {
            text += time is null ? $" using {ApiVersion}" : $" using {ApiVersion} at {time}";
        }
        return text;
    }
}
