using System.Text.Json.Nodes;
using NovaCron.Dwcp.Rehearsal.Controllers;
using NovaCron.Dwcp.Rehearsal.Schemas;
using NovaCron.Dwcp.Rehearsal.Security;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Admission;

/// <summary>What every write through the API passes before it is stored.</summary>
internal sealed class AdmissionChain(ClusterStore store, SchemaRegistry schemas)
{
    /// <summary>Fills in what the writer leaves open, before the write is judged.</summary>
    /// <param name="user">Who writes.</param>
    /// <param name="type">Type of the object.</param>
    /// <param name="document">The object, changed in place.</param>
    /// <param name="old">The stored version on an update.</param>
    /// <exception cref="ApiStatusException">The object cannot be completed.</exception>
    public void Prepare(ApiUser user, ResourceType type, JsonObject document, JsonObject? old)
    {
        _ = user;
        if (!type.IsCustom)
        {
            Defaults.Apply(type, document, old);
        }
        if (type == ResourceTypes.Pods && old is null)
        {
            PodAdmission.AddServiceAccount(store, document);
        }
    }

    /// <summary>Lets a write pass, or refuses it.</summary>
    /// <exception cref="ApiStatusException">The write is refused.</exception>
    public void Check(AdmissionRequest request)
    {
        _ = schemas;
        if (request is { Operation: AdmissionOperation.Create, Subresource: "", Object: { } pod } && request.Type == ResourceTypes.Pods)
        {
            PodSecurity.Enforce(store, pod);
        }
    }
}
