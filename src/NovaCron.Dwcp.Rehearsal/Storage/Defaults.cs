using System.Text.Json.Nodes;

namespace NovaCron.Dwcp.Rehearsal.Storage;

/// <summary>The values that the API server fills in where a document leaves them open, kind by kind.</summary>
internal static class Defaults
{
    /// <summary>Fills in what <paramref name="document"/> leaves open.</summary>
    /// <param name="type">Its type.</param>
    /// <param name="document">The document, changed in place.</param>
    /// <param name="old">The stored version on an update.</param>
    public static void Apply(ResourceType type, JsonObject document, JsonObject? old)
    {
        switch (type.Kind)
        {
            case "Namespace":
                ApplyNamespace(document, old);
                break;
            case "Pod":
                PodDefaults.Apply(document.Child("spec"));
                Fill(document.Child("status"), "phase", "Pending");
                QualityOfService.Apply(document);
                break;
            case "Deployment":
                ApplyDeployment(document.Child("spec"));
                break;
            case "ReplicaSet":
                Fill(document.Child("spec"), "replicas", 1);
                PodDefaults.ApplyTemplate(document.Child("spec"));
                break;
            case "StatefulSet" or "DaemonSet" or "Job":
                PodDefaults.ApplyTemplate(document.Child("spec"));
                break;
            case "Service":
                ApplyService(document.Child("spec"));
                break;
            case "Secret":
                Fill(document, "type", "Opaque");
                FoldStringData(document);
                break;
            case "PersistentVolumeClaim":
                Fill(document.Child("spec"), "volumeMode", "Filesystem");
                Fill(document.Child("status"), "phase", "Pending");
                break;
            case "HorizontalPodAutoscaler":
                ApplyAutoscaler(document.Child("spec"));
                break;
            case "NetworkPolicy":
                ApplyNetworkPolicy(document.Child("spec"));
                break;
            case "StorageClass":
                Fill(document, "reclaimPolicy", "Delete");
                Fill(document, "volumeBindingMode", "Immediate");
                break;
            case "EndpointSlice":
                foreach (var port in document["ports"].Objects())
                {
                    Fill(port, "protocol", "TCP");
                    Fill(port, "name", "");
                }
                break;
            case "RoleBinding" or "ClusterRoleBinding":
                ApplyBinding(document);
                break;
            case "ValidatingAdmissionPolicy":
                Fill(document.Child("spec"), "failurePolicy", "Fail");
                ApplyMatching(document.Child("spec")["matchConstraints"] as JsonObject);
                break;
            case "ValidatingAdmissionPolicyBinding":
                ApplyMatching(document.Child("spec")["matchResources"] as JsonObject);
                break;
        }
    }

    internal static void Fill(JsonObject target, string key, JsonNode value)
    {
        if (target[key] is null)
        {
            target[key] = value;
        }
    }

    private static void ApplyNamespace(JsonObject document, JsonObject? old)
    {
        document.Metadata().Child("labels")["kubernetes.io/metadata.name"] = document.Name();
        if (old is null)
        {
            document.Child("spec")["finalizers"] = new JsonArray("kubernetes");
        }
        else
        {
            Fill(document, "spec", new JsonObject());
        }
        Fill(document.Child("status"), "phase", "Active");
    }

    private static void ApplyDeployment(JsonObject spec)
    {
        Fill(spec, "replicas", 1);
        Fill(spec, "revisionHistoryLimit", 10);
        Fill(spec, "progressDeadlineSeconds", 600);
        var strategy = spec.Child("strategy");
        Fill(strategy, "type", "RollingUpdate");
        if (strategy.Text("type") == "RollingUpdate")
        {
            var rolling = strategy.Child("rollingUpdate");
            Fill(rolling, "maxUnavailable", "25%");
            Fill(rolling, "maxSurge", "25%");
        }
        PodDefaults.ApplyTemplate(spec);
    }

    private static void ApplyService(JsonObject spec)
    {
        Fill(spec, "type", "ClusterIP");
        Fill(spec, "sessionAffinity", "None");
        if (spec.Text("type") != "ExternalName")
        {
            Fill(spec, "internalTrafficPolicy", "Cluster");
            Fill(spec, "ipFamilies", new JsonArray("IPv4"));
            Fill(spec, "ipFamilyPolicy", "SingleStack");
        }
        if (spec.Text("type") is "NodePort" or "LoadBalancer")
        {
            Fill(spec, "externalTrafficPolicy", "Cluster");
        }
        if (spec.Text("type") == "LoadBalancer")
        {
            Fill(spec, "allocateLoadBalancerNodePorts", true);
        }
        if (spec.Text("sessionAffinity") == "ClientIP")
        {
            Fill(spec.Child("sessionAffinityConfig").Child("clientIP"), "timeoutSeconds", 10800);
        }
        foreach (var port in spec["ports"].Objects())
        {
            Fill(port, "protocol", "TCP");
            if (port["targetPort"] is null && port["port"] is { } number)
            {
                port["targetPort"] = number.DeepClone();
            }
        }
    }

    // stringData is for writing only.
    private static void FoldStringData(JsonObject secret)
    {
        foreach (var (key, value) in secret["stringData"].TextPairs())
        {
            secret.Child("data")[key] = Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(value));
        }
        secret.Remove("stringData");
    }

    private static void ApplyAutoscaler(JsonObject spec)
    {
        Fill(spec, "minReplicas", 1);
        if (spec["metrics"] is not JsonArray { Count: > 0 })
        {
            spec["metrics"] = new JsonArray(new JsonObject
            {
                ["type"] = "Resource",
                ["resource"] = new JsonObject
                {
                    ["name"] = "cpu", ["target"] = new JsonObject { ["type"] = "Utilization", ["averageUtilization"] = 80 },
                },
            });
        }
        foreach (var direction in (string[])["scaleUp", "scaleDown"])
        {
            if ((spec["behavior"] as JsonObject)?[direction] is JsonObject rules)
            {
                Fill(rules, "selectPolicy", "Max");
            }
        }
    }

    private static void ApplyNetworkPolicy(JsonObject spec)
    {
        if (spec["policyTypes"] is not JsonArray { Count: > 0 })
        {
            spec["policyTypes"] = spec["egress"] is JsonArray { Count: > 0 } ? new JsonArray("Ingress", "Egress") : new JsonArray("Ingress");
        }
        foreach (var rule in spec["ingress"].Objects().Concat(spec["egress"].Objects()))
        {
            foreach (var port in rule["ports"].Objects())
            {
                Fill(port, "protocol", "TCP");
            }
        }
    }

    private static void ApplyBinding(JsonObject document)
    {
        const string Group = "rbac.authorization.k8s.io";
        Fill(document.Child("roleRef"), "apiGroup", Group);
        foreach (var subject in document["subjects"].Objects())
        {
            if (subject.Text("kind") is "User" or "Group")
            {
                Fill(subject, "apiGroup", Group);
            }
        }
    }

    private static void ApplyMatching(JsonObject? match)
    {
        if (match is null)
        {
            return;
        }
        Fill(match, "matchPolicy", "Equivalent");
        Fill(match, "namespaceSelector", new JsonObject());
        Fill(match, "objectSelector", new JsonObject());
        foreach (var rule in match["resourceRules"].Objects())
        {
            Fill(rule, "scope", "*");
        }
    }
}
