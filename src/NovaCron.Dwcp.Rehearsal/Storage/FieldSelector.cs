using System.Text.Json.Nodes;

namespace NovaCron.Dwcp.Rehearsal.Storage;

/// <summary>Selects objects by the few fields that each kind supports, such as <c>status.phase=Running</c>.</summary>
public sealed class FieldSelector
{
    // The fields beside name and namespace that the real server indexes, by plural name.
    private static readonly Dictionary<string, string[]> Supported = new(StringComparer.Ordinal)
    {
        ["pods"] =
        [
            "spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName", "spec.hostNetwork", "status.phase",
            "status.podIP", "status.podIPs", "status.nominatedNodeName",
        ],
        ["events"] =
        [
            "involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid", "involvedObject.apiVersion",
            "involvedObject.resourceVersion", "involvedObject.fieldPath", "regarding.kind", "regarding.namespace", "regarding.name", "regarding.uid",
            "reason", "reportingComponent", "reportingController", "source", "type",
        ],
        ["namespaces"] = ["status.phase"],
        ["secrets"] = ["type"],
        ["services"] = ["spec.clusterIP", "spec.type"],
        ["replicasets"] = ["status.replicas"],
        ["nodes"] = ["spec.unschedulable"],
        ["jobs"] = ["status.successful"],
    };

    private readonly IReadOnlyList<(string Path, string Value, bool Equal)> _terms;

    private FieldSelector(IReadOnlyList<(string, string, bool)> terms) => _terms = terms;

    /// <summary>Selects everything.</summary>
    public static FieldSelector Everything { get; } = new([]);

    /// <summary>Whether the selector lets everything through.</summary>
    public bool IsEmpty => _terms.Count == 0;

    /// <summary>The name that the selector demands, or <c>null</c>.</summary>
    public string? Name => _terms.FirstOrDefault(static t => t is { Path: "metadata.name", Equal: true }).Value;

    /// <summary>From text such as <c>metadata.name=web,status.phase!=Running</c>.</summary>
    /// <param name="type">Type of the objects.</param>
    /// <param name="text">The text.</param>
    /// <param name="selectable">Fields that a CustomResourceDefinition makes selectable.</param>
    /// <exception cref="ApiStatusException">The text is no selector, or the kind does not support a field (BadRequest).</exception>
    public static FieldSelector Parse(ResourceType type, string text, IReadOnlyCollection<string>? selectable = null)
    {
        var terms = new List<(string, string, bool)>();
        foreach (var part in text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var at = part.IndexOf('=', StringComparison.Ordinal);
            if (at <= 0)
            {
                throw ApiStatusException.BadRequest($"invalid selector: '{part}'; can't understand '{part}'");
            }
            var equal = part[at - 1] != '!';
            var path = (equal ? part[..at] : part[..(at - 1)]).Trim();
            var supported = path == "metadata.name" || (path == "metadata.namespace" && type.Namespaced)
                || Supported.GetValueOrDefault(type.Plural)?.Contains(path) == true || selectable?.Contains(path) == true;
            if (!supported)
            {
                throw ApiStatusException.BadRequest(
                    $"Unable to find \"{(type.Group.Length == 0 ? "/" : type.Group + "/")}{type.Version}, Resource={type.Plural}\" "
                    + $"that match label selector \"\", field selector \"{text}\": field label not supported: {path}");
            }
            terms.Add((path, part[(at + 1)..].TrimStart('='), equal));
        }
        return new(terms);
    }

    /// <summary>Whether an object satisfies the selector.</summary>
    public bool Matches(JsonObject document) => _terms.All(t => (ValueAt(document, t.Path) == t.Value) == t.Equal);

    private static string ValueAt(JsonObject document, string path) => path switch
    {
        "source" => document.At("source.component")?.ToString() ?? "",
        _ => document.At(path)?.ToString() ?? "",
    };
}
