using System.Text.Json.Nodes;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Api;

/// <summary>The Service <c>kubernetes</c>, through which pods find the API.</summary>
internal static class KubernetesService
{
    private const int HttpsPort = 443;

    public static void Create(ClusterStore store, Uri url)
    {
        JsonObject Metadata() => new()
        {
            ["name"] = "kubernetes", ["namespace"] = "default",
            ["labels"] = new JsonObject { ["component"] = "apiserver", ["provider"] = "kubernetes" },
        };

        store.Create(ResourceTypes.Services, new JsonObject
        {
            ["metadata"] = Metadata(),
            ["spec"] = new JsonObject
            {
                ["ports"] = new JsonArray(new JsonObject { ["name"] = "https", ["port"] = HttpsPort, ["protocol"] = "TCP", ["targetPort"] = url.Port }),
                ["type"] = "ClusterIP",
            },
        });
        store.Create(ResourceTypes.Endpoints, new JsonObject
        {
            ["metadata"] = Metadata(),
            ["subsets"] = new JsonArray(new JsonObject
            {
                ["addresses"] = new JsonArray(new JsonObject { ["ip"] = url.Host }),
                ["ports"] = new JsonArray(new JsonObject { ["name"] = "https", ["port"] = url.Port, ["protocol"] = "TCP" }),
            }),
        });
        var metadata = Metadata();
        metadata["labels"] = new JsonObject { ["kubernetes.io/service-name"] = "kubernetes" };
        store.Create(ResourceTypes.EndpointSlices, new JsonObject
        {
            ["metadata"] = metadata,
            ["addressType"] = "IPv4",
            ["endpoints"] = new JsonArray(new JsonObject
            {
                ["addresses"] = new JsonArray(url.Host), ["conditions"] = new JsonObject { ["ready"] = true },
            }),
            ["ports"] = new JsonArray(new JsonObject { ["name"] = "https", ["port"] = url.Port, ["protocol"] = "TCP" }),
        });
    }
}
