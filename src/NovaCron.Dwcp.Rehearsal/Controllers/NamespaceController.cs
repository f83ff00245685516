using System.Text.Json.Nodes;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Controllers;

/// <summary>Gives a new namespace its service account and the cluster's certificate, and empties one that is deleted.</summary>
internal sealed class NamespaceController(ClusterStore store, ClusterJournal journal, string certificateAuthority) : Controller(store, journal)
{
    /// <summary>The ConfigMap in every namespace that holds the certificate with which pods trust the API server.</summary>
    public const string RootCertificates = "kube-root-ca.crt";

    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(100);

    protected override void Watch()
    {
        Watch(ResourceTypes.Namespaces);
        Watch(ResourceTypes.ServiceAccounts, static change => [new("", change.Stored!.Namespace)]);
        Watch(ResourceTypes.ConfigMaps, static change => change.Stored!.Name == RootCertificates ? [new("", change.Stored.Namespace)] : []);
    }

    protected override TimeSpan? Reconcile(ObjectKey key)
    {
        var ns = Store.Get(ResourceTypes.Namespaces, null, key.Name);
        if (ns is null)
        {
            return null;
        }
        if (ns.IsDeleting())
        {
            return Empty(ns);
        }
        CreateIfMissing(ResourceTypes.ServiceAccounts, new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "ServiceAccount",
            ["metadata"] = new JsonObject { ["name"] = "default", ["namespace"] = key.Name },
        });
        CreateIfMissing(ResourceTypes.ConfigMaps, new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "ConfigMap",
            ["metadata"] = new JsonObject
            {
                ["name"] = RootCertificates,
                ["namespace"] = key.Name,
                ["annotations"] = new JsonObject
                {
                    ["kubernetes.io/description"] = "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints "
                        + "such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.",
                },
            },
            ["data"] = new JsonObject { ["ca.crt"] = certificateAuthority },
        });
        return null;
    }

    private void CreateIfMissing(ResourceType type, JsonObject document)
    {
        if (Store.Find(type, document.Namespace(), document.Name()) is null)
        {
            Store.Create(type, document);
        }
    }

    private TimeSpan? Empty(JsonObject ns)
    {
        var content = Store.FindAll(o => o.Namespace == ns.Name());
        foreach (var item in content.Where(static o => !o.Document.IsDeleting()))
        {
            try
            {
                Store.Delete(item.Resource, item.Namespace, item.Name, new DeleteRequest { Uid = item.Document.Uid() });
            }
            catch (ApiStatusException error) when (error.Reason is "NotFound" or "Conflict")
            {
                // Somebody else was faster.
            }
        }
        if (Store.FindAll(o => o.Namespace == ns.Name()).Count > 0)
        {
            return Retry;
        }
        Store.Modify(ResourceTypes.Namespaces, null, ns.Name(), static current => current.Child("spec").Remove("finalizers"));
        return null;
    }
}
