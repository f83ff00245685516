using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Api;

/// <summary>Writes answers.</summary>
internal static class Responses
{
    public static Task WriteAsync(HttpContext context, int code, JsonNode document)
    {
        return WriteBytesAsync(context, code, JsonDocuments.Serialize(document), "application/json");
    }

    public static async Task WriteBytesAsync(HttpContext context, int code, ReadOnlyMemory<byte> body, string contentType)
    {
        context.Response.StatusCode = code;
        context.Response.ContentType = contentType;
        context.Response.ContentLength = body.Length;
        await context.Response.Body.WriteAsync(body, context.RequestAborted).ConfigureAwait(false);
    }

    public static Task WriteStatusAsync(HttpContext context, ApiStatusException refusal)
    {
        if (refusal.RetryAfterSeconds > 0)
        {
            context.Response.Headers.RetryAfter = refusal.RetryAfterSeconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        }
        return WriteAsync(context, refusal.Code, refusal.ToStatus());
    }

    /// <summary>The answer to a deletion that is complete.</summary>
    public static JsonObject Success(ResourceType type, JsonObject deleted) => new()
    {
        ["kind"] = "Status",
        ["apiVersion"] = "v1",
        ["metadata"] = new JsonObject(),
        ["status"] = "Success",
        ["details"] = new JsonObject
        {
            ["name"] = deleted.Name(), ["group"] = type.Group, ["kind"] = type.Plural, ["uid"] = deleted.Uid(),
        },
    };

    /// <summary>Adds a <c>Warning</c> header, as the real server does for what it tolerates.</summary>
    public static void Warn(HttpContext context, string text)
    {
        // It may quote what the client sent, and a header carries printable ASCII only.
        var printable = string.Create(text.Length, text, static (span, source) =>
        {
            for (var i = 0; i < span.Length; i++) span[i] = source[i] is >= ' ' and <= '~' ? source[i] : '?';
        });
        context.Response.Headers.Append("Warning", $"299 - \"{printable.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"");
    }
}
