using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Validation;

/// <summary>Collects what is wrong with a document, in the words of the real server.</summary>
internal sealed class FieldErrors
{
    private readonly List<StatusCause> _causes = [];

    public bool Any => _causes.Count > 0;

    public void Required(string field, string detail = "") =>
        _causes.Add(new("FieldValueRequired", detail.Length == 0 ? "Required value" : "Required value: " + detail, field));

    public void Invalid(string field, object? value, string detail) =>
        _causes.Add(new("FieldValueInvalid", $"Invalid value: {Show(value)}: {detail}", field));

    public void WrongType(string field, object? value, string detail) =>
        _causes.Add(new("FieldValueTypeInvalid", $"Invalid value: {Show(value)}: {detail}", field));

    public void NotSupported(string field, object? value, IEnumerable<string> supported) => _causes.Add(
        new("FieldValueNotSupported", $"Unsupported value: {Show(value)}: supported values: {string.Join(", ", supported.Select(static s => $"\"{s}\""))}", field));

    public void Duplicate(string field, object? value) => _causes.Add(new("FieldValueDuplicate", $"Duplicate value: {Show(value)}", field));

    public void NotFound(string field, object? value) => _causes.Add(new("FieldValueNotFound", $"Not found: {Show(value)}", field));

    public void Forbidden(string field, string detail) => _causes.Add(new("FieldValueForbidden", $"Forbidden: {detail}", field));

    public void TooLong(string field, long limit) => _causes.Add(new("FieldValueTooLong", $"Too long: may not be more than {limit} bytes", field));

    public void TooMany(string field, long count, long limit) =>
        _causes.Add(new("FieldValueTooMany", $"Too many: {count}: must have at most {limit} items", field));

    /// <exception cref="ApiStatusException">Something is wrong (Invalid).</exception>
    public void Throw(ResourceType type, string name)
    {
        if (Any)
        {
            throw ApiStatusException.Invalid(type, name, _causes);
        }
    }

    private static string Show(object? value) => value switch
    {
        null => "null",
        string text => JsonSerializer.Serialize(text, JsonDocuments.Relaxed),
        JsonNode node => node.ToJsonString(JsonDocuments.Relaxed),
        bool flag => flag ? "true" : "false",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
    };
}
