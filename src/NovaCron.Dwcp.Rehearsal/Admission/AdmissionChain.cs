using System.Text.Json.Nodes;
using NovaCron.Dwcp.Rehearsal.Controllers;
using NovaCron.Dwcp.Rehearsal.Schemas;
using NovaCron.Dwcp.Rehearsal.Security;
using NovaCron.Dwcp.Rehearsal.Storage;
using NovaCron.Dwcp.Rehearsal.Validation;

namespace NovaCron.Dwcp.Rehearsal.Admission;

/// <summary>What every write through the API passes before it is stored: completion, validation, and admission policies.</summary>
internal sealed class AdmissionChain(ClusterStore store, SchemaRegistry schemas, Authorizer authorizer)
{
    private readonly AdmissionPolicies _policies = new(store, authorizer);
    private readonly GrantGuard _grants = new(store, authorizer);

    /// <summary>Fills in what the writer leaves open, before the write is judged.</summary>
    /// <param name="type">Type of the object.</param>
    /// <param name="document">The object, changed in place.</param>
    /// <param name="old">The stored version on an update.</param>
    /// <exception cref="ApiStatusException">The object cannot be completed.</exception>
    public void Prepare(ResourceType type, JsonObject document, JsonObject? old)
    {
        if (type.IsCustom)
        {
            CustomResourceValidator.ApplyDefaults(schemas.Find(type), document);
            return;
        }
        if (type == ResourceTypes.Pods && old is null)
        {
            PodAdmission.AddServiceAccount(store, document);
        }
        Defaults.Apply(type, document, old);
    }

    /// <summary>Lets a write pass, or refuses it. Returns warnings for the writer.</summary>
    /// <exception cref="ApiStatusException">The write is refused.</exception>
    public IReadOnlyList<string> Check(AdmissionRequest request)
    {
        var warnings = new List<string>();
        if (request.Object is { } document)
        {
            if (request.Type.IsCustom)
            {
                CustomResourceValidator.Check(request.Type, schemas.Find(request.Type), document, request.Old);
            }
            else if (request.Subresource.Length == 0)
            {
                ObjectValidator.Check(request.Type, document, request.Old);
                _grants.Check(request, document);
                CheckPodSecurity(request, document, warnings);
            }
        }
        warnings.AddRange(_policies.Check(request));
        return warnings;
    }

    // Pods are refused; workloads, whose pods would be refused later, are accepted with a warning.
    private void CheckPodSecurity(AdmissionRequest request, JsonObject document, List<string> warnings)
    {
        if (request.Type == ResourceTypes.Pods && request.Operation == AdmissionOperation.Create)
        {
            PodSecurity.Enforce(store, document);
        }
        var spec = request.Type == ResourceTypes.Pods ? document["spec"] : request.Type.Group is "apps" or "batch" ? document.At("spec.template.spec") : null;
        if (spec is JsonObject pod && PodSecurity.Warning(store, request.Namespace, pod) is { } warning)
        {
            warnings.Add(warning);
        }
    }
}
