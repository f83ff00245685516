using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace NovaCron.Dwcp.Operations.Cluster;

/// <summary>What a pod itself answered, through the API server's proxy, whatever its status code.</summary>
public sealed record PodResponse(string Target, HttpStatusCode StatusCode, string? ContentType, byte[] Body)
{
    public bool IsSuccess => (int)StatusCode is >= 200 and < 300;

    public string Text => Encoding.UTF8.GetString(Body);

    /// <summary>The body as a JSON object.</summary>
    /// <exception cref="DwcpClusterException">The pod answered something else.</exception>
    public JsonObject ReadJson()
    {
        try
        {
            return JsonNode.Parse(Body) as JsonObject ?? throw NotJson(null);
        }
        catch (JsonException e)
        {
            throw NotJson(e);
        }
    }

    private DwcpClusterException NotJson(Exception? inner)
    {
        var start = Text.Length > 120 ? Text[..120] + "..." : Text;
        return new DwcpClusterException(ClusterFailure.Invalid, Target, $"answered {(int)StatusCode} and no JSON object: {start}",
            "Look at the pod's log; the port may belong to something else.", inner) { StatusCode = StatusCode };
    }
}
