using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using NovaCron.Dwcp.Rehearsal.Protobuf;
using NovaCron.Dwcp.Rehearsal.Security;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Api;

/// <summary>One authenticated request for a resource.</summary>
internal sealed class ApiRequest(HttpContext context, ApiUser user, RequestPath path, string verb)
{
    private static readonly string[] Booleans = ["true", "1", "t", "T", "TRUE", "True"];

    public HttpContext Http { get; } = context;

    public ApiUser User { get; } = user;

    public RequestPath Path { get; } = path;

    /// <summary>get, list, watch, create, update, patch, delete, deletecollection; for proxies the verb of the method.</summary>
    public string Verb { get; } = verb;

    public CancellationToken Aborted => Http.RequestAborted;

    /// <summary>Whether the request checks everything and changes nothing.</summary>
    /// <exception cref="ApiStatusException">A value other than <c>All</c> (BadRequest).</exception>
    public bool DryRun => Query("dryRun") switch
    {
        null or "" => false,
        "All" => true,
        var other => throw ApiStatusException.BadRequest($"invalid dry run option: Unsupported value: \"{other}\": supported values: \"All\""),
    };

    /// <summary>Name of the writer for <c>managedFields</c>: the query, else the program of the user agent.</summary>
    public string FieldManagerName
    {
        get
        {
            if (Query("fieldManager") is { Length: > 0 } given)
            {
                return given;
            }
            var agent = Http.Request.Headers.UserAgent.ToString();
            var program = agent.Split('/', 2)[0].Trim();
            return program.Length == 0 ? "unknown" : program.Length > 128 ? program[..128] : program;
        }
    }

    public string? Query(string name) => Http.Request.Query.TryGetValue(name, out var values) ? values.ToString() : null;

    public bool Flag(string name) => Query(name) is { } value && (value.Length == 0 || Booleans.Contains(value));

    /// <exception cref="ApiStatusException">No whole number (BadRequest).</exception>
    public long? Number(string name) => Query(name) is not { Length: > 0 } text ? null
        : long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) ? value
        : throw ApiStatusException.BadRequest($"strconv.ParseInt: parsing \"{text}\": invalid syntax");

    /// <summary>Reads the body.</summary>
    /// <exception cref="ApiStatusException">Too large (413).</exception>
    public async Task<byte[]> ReadBytesAsync()
    {
        using var buffer = new MemoryStream();
        var chunk = new byte[16 * 1024];
        int read;
        while ((read = await Http.Request.Body.ReadAsync(chunk, Aborted).ConfigureAwait(false)) > 0)
        {
            if (buffer.Length + read > RequestBody.MaxBytes)
            {
                throw new ApiStatusException(
                    413, "RequestEntityTooLarge", $"Request entity too large: limit is {RequestBody.MaxBytes}");
            }
            buffer.Write(chunk, 0, read);
        }
        return buffer.ToArray();
    }

    /// <summary>Reads the body as a document, JSON or YAML by content type; <c>null</c> when it is empty.</summary>
    /// <exception cref="ApiStatusException">No document (BadRequest), or an unknown content type.</exception>
    public async Task<JsonNode?> ReadDocumentAsync(List<string>? duplicates = null)
    {
        var bytes = await ReadBytesAsync().ConfigureAwait(false);
        if (bytes.Length == 0)
        {
            return null;
        }
        var media = (Http.Request.ContentType ?? "application/json").Split(';', 2)[0].Trim().ToLowerInvariant();
        return media switch
        {
            "application/yaml" or "application/apply-patch+yaml" => RequestBody.ParseYaml(Encoding.UTF8.GetString(bytes)),
            "application/vnd.kubernetes.protobuf" => ProtobufDocument.Parse(bytes),
            "application/cbor" => throw ApiStatusException.UnsupportedMediaType("application/json, application/yaml"),
            _ => RequestBody.ParseJson(bytes, duplicates),
        };
    }
}
