using System.Text.Json.Nodes;

namespace NovaCron.Dwcp.Rehearsal.Storage;

/// <summary>Gives every namespace what it always has: the account <c>default</c> and the ConfigMap <c>kube-root-ca.crt</c>.</summary>
public sealed class NamespaceContent(ClusterStore store, string authorityPem)
{
    private const string RootAuthority = "kube-root-ca.crt";

    /// <summary>Works until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await foreach (var change in store.Watch(ResourceTypes.Namespaces, cancellationToken: cancellationToken).ConfigureAwait(false))
        {
            if (change.Type == ClusterEventType.Added)
            {
                Fill(change.Stored!.Name);
            }
        }
    }

    /// <summary>Fills one namespace now.</summary>
    public void Fill(string ns)
    {
        Add(ResourceTypes.ServiceAccounts, new JsonObject { ["metadata"] = new JsonObject { ["name"] = "default", ["namespace"] = ns } });
        Add(ResourceTypes.ConfigMaps, new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = RootAuthority, ["namespace"] = ns },
            ["data"] = new JsonObject { ["ca.crt"] = authorityPem },
        });
    }

    private void Add(ResourceType type, JsonObject document)
    {
        try
        {
            store.Create(type, document);
        }
        catch (ApiStatusException e) when (e.Reason is "AlreadyExists" or "NotFound" or "Forbidden")
        {
            // It is there already, or the namespace has gone again.
        }
    }
}
