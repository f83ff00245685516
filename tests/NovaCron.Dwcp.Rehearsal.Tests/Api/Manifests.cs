using System.Text.Json.Nodes;

namespace NovaCron.Dwcp.Rehearsal.Tests.Api;

/// <summary>Documents that several tests use.</summary>
internal static class Manifests
{
    public const string Definition = """
        apiVersion: apiextensions.k8s.io/v1
        kind: CustomResourceDefinition
        metadata: {name: gadgets.test.novacron.io}
        spec:
          group: test.novacron.io
          scope: Namespaced
          names: {kind: Gadget, plural: gadgets, singular: gadget, shortNames: [gd]}
          versions:
          - name: v1
            served: true
            storage: true
            subresources: {status: {}, scale: {specReplicasPath: .spec.size, statusReplicasPath: .status.size}}
            additionalPrinterColumns:
            - {name: Size, type: integer, jsonPath: .spec.size}
            - {name: Ready, type: string, jsonPath: '.status.conditions[?(@.type=="Ready")].status'}
            schema:
              openAPIV3Schema:
                type: object
                required: [spec]
                properties:
                  spec:
                    type: object
                    required: [size]
                    x-kubernetes-validations:
                    - {rule: "self.owner == oldSelf.owner", message: owner never changes}
                    properties:
                      size: {type: integer, minimum: 0, maximum: 10}
                      owner: {type: string, default: nobody, maxLength: 12}
                      mode: {type: string, enum: [slow, fast]}
                      parts:
                        type: array
                        x-kubernetes-list-type: map
                        x-kubernetes-list-map-keys: [name]
                        items:
                          type: object
                          required: [name]
                          properties:
                            name: {type: string}
                            count: {type: integer, default: 1}
                  status:
                    type: object
                    x-kubernetes-preserve-unknown-fields: true
        """;

    public static string Deployment(string name, string image = "web:1", int replicas = 2) => $$$"""
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: {{{name}}}
          labels: {app: {{{name}}}}
        spec:
          replicas: {{{replicas}}}
          selector: {matchLabels: {app: {{{name}}}}}
          template:
            metadata: {labels: {app: {{{name}}}}}
            spec:
              containers:
              - name: main
                image: {{{image}}}
                ports: [{containerPort: 80}]
        """;

    public static JsonObject Pod(string ns, string name, params (string Key, string Value)[] labels) => new()
    {
        ["metadata"] = new JsonObject
        {
            ["name"] = name, ["namespace"] = ns,
            ["labels"] = new JsonObject(labels.Select(static l => KeyValuePair.Create(l.Key, (JsonNode?)l.Value))),
        },
        ["spec"] = new JsonObject { ["containers"] = new JsonArray(new JsonObject { ["name"] = "main", ["image"] = "web:1" }) },
    };

    public static JsonObject ConfigMap(string ns, string name, string value = "1") => new()
    {
        ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = ns }, ["data"] = new JsonObject { ["key"] = value },
    };

    public static JsonObject OwnedBy(this JsonObject document, JsonObject owner, bool blocks = false)
    {
        document["metadata"]!["ownerReferences"] = new JsonArray(new JsonObject
        {
            ["apiVersion"] = owner["apiVersion"]!.DeepClone(), ["kind"] = owner["kind"]!.DeepClone(), ["name"] = owner["metadata"]!["name"]!.DeepClone(),
            ["uid"] = owner["metadata"]!["uid"]!.DeepClone(), ["blockOwnerDeletion"] = blocks,
        });
        return document;
    }
}
