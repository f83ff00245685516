using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace NovaCron.Dwcp.Node.Http;

/// <summary>Writes answers: JSON, never cached.</summary>
internal static class HttpAnswers
{
    public static async Task WriteAsync<T>(this HttpContext context, int status, T answer, JsonTypeInfo<T> type)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(answer, type);
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json; charset=utf-8";
        context.Response.ContentLength = body.Length;
        context.Response.Headers.CacheControl = "no-store";
        if (!HttpMethods.IsHead(context.Request.Method)) await context.Response.Body.WriteAsync(body, context.RequestAborted).ConfigureAwait(false);
    }

    public static Task WriteErrorAsync(this HttpContext context, int status, string error) => context.WriteAsync(status, new ErrorAnswer(error), NodeJson.Default.ErrorAnswer);

    /// <summary>Answers 405 and returns false unless the request's method is the allowed one (HEAD goes where GET goes).</summary>
    public static async Task<bool> AllowsAsync(this HttpContext context, string method)
    {
        if (context.Request.Method == method || (method == HttpMethods.Get && HttpMethods.IsHead(context.Request.Method))) return true;
        context.Response.Headers.Allow = method;
        await context.WriteErrorAsync(StatusCodes.Status405MethodNotAllowed, $"{context.Request.Path} takes {method}.").ConfigureAwait(false);
        return false;
    }
}
