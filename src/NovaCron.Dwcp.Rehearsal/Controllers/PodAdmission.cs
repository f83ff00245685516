using System.Text.Json.Nodes;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Controllers;

/// <summary>What the API server's admission does to a new pod: its service account, the token volume, and the namespace's Pod Security level.</summary>
internal static class PodAdmission
{
    private const string TokenDirectory = "/var/run/secrets/kubernetes.io/serviceaccount";
    private const string RootCertificates = "kube-root-ca.crt";
    private const int TokenSeconds = 3607;

    /// <summary>Completes a pod that is about to be created, or refuses it.</summary>
    /// <exception cref="ApiStatusException">The service account is missing or the pod violates the namespace's Pod Security level (Forbidden).</exception>
    public static void Admit(ClusterStore store, JsonObject pod)
    {
        AddServiceAccount(store, pod);
        PodSecurity.Enforce(store, pod);
    }

    /// <summary>Sets the pod's service account and mounts its token.</summary>
    /// <exception cref="ApiStatusException">The account does not exist (Forbidden).</exception>
    public static void AddServiceAccount(ClusterStore store, JsonObject pod)
    {
        var spec = pod.Child("spec");
        var account = spec.Text("serviceAccountName") ?? spec.Text("serviceAccount");
        account = string.IsNullOrEmpty(account) ? "default" : account;
        spec["serviceAccountName"] = account;
        spec["serviceAccount"] = account;
        var stored = store.Find(ResourceTypes.ServiceAccounts, pod.Namespace(), account)?.Document ?? throw ApiStatusException.Forbidden(
            ResourceTypes.Pods, pod.Name(), $"error looking up service account {pod.Namespace()}/{account}: serviceaccount \"{account}\" not found");
        if (!(spec.Boolean("automountServiceAccountToken") ?? stored.Boolean("automountServiceAccountToken") ?? true))
        {
            return;
        }

        var containers = spec["containers"].Objects().Concat(spec["initContainers"].Objects())
            .Where(static c => !c["volumeMounts"].Objects().Any(static m => m.Text("mountPath") == TokenDirectory)).ToList();
        if (containers.Count == 0)
        {
            return;
        }
        var volume = "kube-api-access-" + Random.Shared.GetString("bcdfghjklmnpqrstvwxz2456789", 5);
        var volumes = spec["volumes"] as JsonArray ?? [];
        spec["volumes"] = volumes;
        volumes.Add(new JsonObject
        {
            ["name"] = volume,
            ["projected"] = new JsonObject
            {
                ["defaultMode"] = 420,
                ["sources"] = new JsonArray(
                    new JsonObject { ["serviceAccountToken"] = new JsonObject { ["expirationSeconds"] = TokenSeconds, ["path"] = "token" } },
                    new JsonObject
                    {
                        ["configMap"] = new JsonObject
                        {
                            ["name"] = RootCertificates,
                            ["items"] = new JsonArray(new JsonObject { ["key"] = "ca.crt", ["path"] = "ca.crt" }),
                        },
                    },
                    new JsonObject
                    {
                        ["downwardAPI"] = new JsonObject
                        {
                            ["items"] = new JsonArray(new JsonObject
                            {
                                ["path"] = "namespace",
                                ["fieldRef"] = new JsonObject { ["apiVersion"] = "v1", ["fieldPath"] = "metadata.namespace" },
                            }),
                        },
                    }),
            },
        });
        foreach (var container in containers)
        {
            var mounts = container["volumeMounts"] as JsonArray ?? [];
            container["volumeMounts"] = mounts;
            mounts.Add(new JsonObject { ["name"] = volume, ["readOnly"] = true, ["mountPath"] = TokenDirectory });
        }
    }
}
