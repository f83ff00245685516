using System.Text.Json.Nodes;

namespace NovaCron.Dwcp.Rehearsal.Storage;

/// <summary>
/// A refusal as the Kubernetes API words it: HTTP code, reason, message and details. The store throws it for its own refusals, and the
/// API server sends it to clients as a <c>Status</c> document. The texts are those of the real server, because clients parse them.
/// </summary>
public sealed class ApiStatusException : Exception
{
    /// <summary>Creates a refusal.</summary>
    /// <param name="code">HTTP status code.</param>
    /// <param name="reason">Machine-readable reason, such as <c>NotFound</c>.</param>
    /// <param name="message">Text for people.</param>
    public ApiStatusException(int code, string reason, string message)
        : base(message)
    {
        Code = code;
        Reason = reason;
    }

    /// <summary>HTTP status code.</summary>
    public int Code { get; }

    /// <summary>Machine-readable reason.</summary>
    public string Reason { get; }

    /// <summary>Name of the object that was refused.</summary>
    public string? ObjectName { get; init; }

    /// <summary>API group of the object that was refused.</summary>
    public string? Group { get; init; }

    /// <summary>Kind (or plural resource, as the real server does for most reasons) of the object that was refused.</summary>
    public string? ObjectKind { get; init; }

    /// <summary>Uid of the object that was refused.</summary>
    public string? Uid { get; init; }

    /// <summary>What is wrong, field by field.</summary>
    public IReadOnlyList<StatusCause> Causes { get; init; } = [];

    /// <summary>After how many seconds a client may try again; 0 when it does not help.</summary>
    public int RetryAfterSeconds { get; init; }

    /// <summary>404 for an object.</summary>
    public static ApiStatusException NotFound(ResourceType type, string name) =>
        About(404, "NotFound", $"{type.QualifiedName} \"{name}\" not found", type, name);

    /// <summary>404 for a path that is not served.</summary>
    public static ApiStatusException NoSuchPath() => new(404, "NotFound", "the server could not find the requested resource");

    /// <summary>409: the name is taken.</summary>
    public static ApiStatusException AlreadyExists(ResourceType type, string name) =>
        About(409, "AlreadyExists", $"{type.QualifiedName} \"{name}\" already exists", type, name);

    /// <summary>409: somebody else wrote in between.</summary>
    public static ApiStatusException Modified(ResourceType type, string name) => Conflict(
        type, name, "the object has been modified; please apply your changes to the latest version and try again");

    /// <summary>409 with a text of its own.</summary>
    public static ApiStatusException Conflict(ResourceType type, string name, string why) =>
        About(409, "Conflict", $"Operation cannot be fulfilled on {type.QualifiedName} \"{name}\": {why}", type, name);

    /// <summary>410: the asked revision is no longer kept.</summary>
    public static ApiStatusException Expired(long asked, long oldest) =>
        new(410, "Expired", $"too old resource version: {asked} ({oldest})");

    /// <summary>410: a list was continued too late.</summary>
    public static ApiStatusException ContinueExpired() => new(
        410, "Expired", "The provided continue parameter is too old to display a consistent list result. You must start a new list without the continue parameter.");

    /// <summary>400.</summary>
    public static ApiStatusException BadRequest(string message) => new(400, "BadRequest", message);

    /// <summary>403 for a request that the rules would allow but the state of the cluster does not.</summary>
    public static ApiStatusException Forbidden(ResourceType type, string name, string why) =>
        About(403, "Forbidden", $"{type.QualifiedName} \"{name}\" is forbidden: {why}", type, name);

    /// <summary>405.</summary>
    public static ApiStatusException MethodNotAllowed() =>
        new(405, "MethodNotAllowed", "the server does not allow this method on the requested resource");

    /// <summary>415.</summary>
    public static ApiStatusException UnsupportedMediaType(string accepted) => new(
        415, "UnsupportedMediaType", "the body of the request was in an unknown format - accepted media types include: " + accepted);

    /// <summary>422 with causes.</summary>
    public static ApiStatusException Invalid(ResourceType type, string name, IReadOnlyList<StatusCause> causes)
    {
        var texts = causes.Select(static c => c.Field is null ? c.Message : c.Field + ": " + c.Message).Distinct().ToList();
        var list = texts.Count switch
        {
            0 => "",
            1 => texts[0],
            _ => "[" + string.Join(", ", texts) + "]",
        };
        var named = type.Group.Length == 0 ? type.Kind : type.Kind + "." + type.Group;
        return new(422, "Invalid", $"{named} \"{name}\" is invalid: {list}")
        {
            ObjectName = name, Group = type.Group, ObjectKind = type.Kind, Causes = causes,
        };
    }

    /// <summary>The <c>Status</c> document.</summary>
    public JsonObject ToStatus()
    {
        var status = new JsonObject
        {
            ["kind"] = "Status",
            ["apiVersion"] = "v1",
            ["metadata"] = new JsonObject(),
            ["status"] = "Failure",
            ["message"] = Message,
            ["reason"] = Reason,
        };
        var details = new JsonObject();
        AddText(details, "name", ObjectName);
        AddText(details, "group", Group);
        AddText(details, "kind", ObjectKind);
        AddText(details, "uid", Uid);
        if (Causes.Count > 0)
        {
            details["causes"] = new JsonArray([.. Causes.Select(ToNode)]);
        }
        if (RetryAfterSeconds > 0)
        {
            details["retryAfterSeconds"] = RetryAfterSeconds;
        }
        if (details.Count > 0 || ObjectName is not null)
        {
            status["details"] = details;
        }
        status["code"] = Code;
        return status;
    }

    private static ApiStatusException About(int code, string reason, string message, ResourceType type, string name) =>
        new(code, reason, message) { ObjectName = name, Group = type.Group, ObjectKind = type.Plural };

    private static JsonNode ToNode(StatusCause cause)
    {
        var node = new JsonObject { ["reason"] = cause.Reason, ["message"] = cause.Message };
        AddText(node, "field", cause.Field);
        return node;
    }

    private static void AddText(JsonObject target, string key, string? value)
    {
        if (!string.IsNullOrEmpty(value))
        {
            target[key] = value;
        }
    }
}
