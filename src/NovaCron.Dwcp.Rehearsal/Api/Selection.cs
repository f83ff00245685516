using System.Text.Json.Nodes;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Api;

/// <summary>Which objects of a collection a request is about.</summary>
internal sealed record Selection(LabelSelector Labels, FieldSelector Fields, string Name)
{
    public static Selection Of(ApiRequest request, ApiContext api, ResourceType type)
    {
        var selectable = api.Schemas.DefinitionVersion(type)?["selectableFields"].Objects()
            .Select(static f => (f.Text("jsonPath") ?? "").TrimStart('.')).ToList();
        return new(
            request.Query("labelSelector") is { Length: > 0 } labels ? LabelSelector.Parse(labels) : LabelSelector.Everything,
            request.Query("fieldSelector") is { Length: > 0 } fields ? FieldSelector.Parse(type, fields, selectable) : FieldSelector.Everything,
            request.Path.Name);
    }

    public bool Matches(JsonObject document) =>
        (Name.Length == 0 || document.Name() == Name) && Labels.Matches(document) && Fields.Matches(document);
}
