using System.Text;
using System.Text.Json.Nodes;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Validation;

/// <summary>Rules for the metadata of every kind.</summary>
internal static class MetadataValidator
{
    private const int MaxAnnotationBytes = 256 * 1024;

    public static void Check(ResourceType type, JsonObject document, FieldErrors errors)
    {
        var metadata = document.Metadata();
        if (metadata.Text("name") is { Length: > 0 } name && NameError(type, name) is { } wrong)
        {
            errors.Invalid("metadata.name", name, wrong);
        }
        CheckLabels(metadata["labels"], "metadata.labels", errors);
        foreach (var (key, _) in metadata["annotations"].TextPairs())
        {
            if (NameRules.QualifiedName(key.ToLowerInvariant()) is { } problem)
            {
                errors.Invalid("metadata.annotations", key, problem);
            }
        }
        if (metadata["annotations"].TextPairs().Sum(static p => Encoding.UTF8.GetByteCount(p.Key) + Encoding.UTF8.GetByteCount(p.Value)) > MaxAnnotationBytes)
        {
            errors.TooLong("metadata.annotations", MaxAnnotationBytes);
        }
        var index = 0;
        foreach (var owner in metadata["ownerReferences"].Objects())
        {
            foreach (var field in (string[])["apiVersion", "kind", "name", "uid"])
            {
                if (string.IsNullOrEmpty(owner.Text(field)))
                {
                    errors.Invalid($"metadata.ownerReferences[{index}].{field}", "", "must not be empty");
                }
            }
            index++;
        }
    }

    /// <summary>Rules for a map of labels anywhere in a document.</summary>
    public static void CheckLabels(JsonNode? labels, string field, FieldErrors errors)
    {
        foreach (var (key, value) in labels.TextPairs())
        {
            if (NameRules.QualifiedName(key) is { } wrongKey)
            {
                errors.Invalid(field, key, wrongKey);
            }
            if (NameRules.LabelValue(value) is { } wrongValue)
            {
                errors.Invalid(field, value, wrongValue);
            }
        }
    }

    private static string? NameError(ResourceType type, string name) => type.Kind switch
    {
        "Namespace" => NameRules.Label(name),
        "Service" => NameRules.ServiceName(name),
        "Role" or "ClusterRole" or "RoleBinding" or "ClusterRoleBinding" => NameRules.PathSegment(name),
        _ => NameRules.Subdomain(name),
    };
}
