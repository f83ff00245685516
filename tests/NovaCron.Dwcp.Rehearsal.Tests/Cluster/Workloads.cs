using System.Text.Json.Nodes;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Tests.Cluster;

/// <summary>Documents for tests.</summary>
internal static class Workloads
{
    /// <summary>A pod of the test program; <paramref name="container"/> adds to the container, <paramref name="spec"/> to the pod.</summary>
    public static JsonObject Pod(string ns, string name, string container = "{}", string spec = "{}") => new()
    {
        ["apiVersion"] = "v1",
        ["kind"] = "Pod",
        ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = ns, ["labels"] = new JsonObject { ["app"] = name } },
        ["spec"] = PodSpec(container, spec),
    };

    public static JsonObject Deployment(string ns, string name, int replicas, string container = "{}", string spec = "{}", string deployment = "{}")
    {
        var document = new JsonObject
        {
            ["apiVersion"] = "apps/v1",
            ["kind"] = "Deployment",
            ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = ns },
            ["spec"] = new JsonObject
            {
                ["replicas"] = replicas,
                ["selector"] = new JsonObject { ["matchLabels"] = new JsonObject { ["app"] = name } },
                ["template"] = new JsonObject
                {
                    ["metadata"] = new JsonObject { ["labels"] = new JsonObject { ["app"] = name } },
                    ["spec"] = PodSpec(container, spec),
                },
            },
        };
        Add((JsonObject)document["spec"]!, deployment);
        return document;
    }

    public static JsonObject Service(string ns, string name, string ports) => new()
    {
        ["apiVersion"] = "v1",
        ["kind"] = "Service",
        ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = ns },
        ["spec"] = new JsonObject { ["selector"] = new JsonObject { ["app"] = name }, ["ports"] = JsonNode.Parse(ports) },
    };

    public const string HttpPort = """[{ "name": "http", "port": 8080 }]""";

    /// <summary>Patient: on a busy machine an answer may take longer than the default of a second.</summary>
    public const string ReadyProbe = """{ "readinessProbe": { "httpGet": { "path": "/ready", "port": 8080 }, "periodSeconds": 1, "timeoutSeconds": 30, "failureThreshold": 1 } }""";

    private static JsonObject PodSpec(string container, string spec)
    {
        var main = new JsonObject { ["name"] = "main", ["image"] = "registry.example/tests/testpod:1.0" };
        Add(main, container);
        var pod = new JsonObject { ["terminationGracePeriodSeconds"] = 5, ["containers"] = new JsonArray(main) };
        Add(pod, spec);
        return pod;
    }

    private static void Add(JsonObject target, string more)
    {
        foreach (var (key, value) in (JsonObject)JsonNode.Parse(more)!)
        {
            target[key] = value?.DeepClone();
        }
    }
}
