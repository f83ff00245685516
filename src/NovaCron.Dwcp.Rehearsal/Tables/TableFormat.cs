using Microsoft.AspNetCore.Http;

namespace NovaCron.Dwcp.Rehearsal.Tables;

/// <summary>How a client wants a table: which part of each object comes with its row.</summary>
/// <param name="IncludeObject"><c>Metadata</c>, <c>Object</c> or <c>None</c>.</param>
internal sealed record TableFormat(string IncludeObject)
{
    /// <summary>What the request asks for; <c>null</c> when it wants documents.</summary>
    public static TableFormat? Asked(HttpContext context)
    {
        foreach (var accepted in context.Request.Headers.Accept.ToString().Split(','))
        {
            var parts = accepted.Split(';', StringSplitOptions.TrimEntries);
            if (parts[0].Trim() != "application/json")
            {
                continue;
            }
            return parts.Contains("as=Table") && parts.Contains("g=meta.k8s.io")
                ? new(context.Request.Query["includeObject"].ToString() is { Length: > 0 } include ? include : "Metadata")
                : null;
        }
        return null;
    }
}
