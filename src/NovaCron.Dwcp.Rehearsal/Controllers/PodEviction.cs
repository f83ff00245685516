using System.Text.Json.Nodes;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Controllers;

/// <summary>The eviction subresource: deletes a pod unless a PodDisruptionBudget forbids it.</summary>
public static class PodEviction
{
    /// <summary>Evicts a pod.</summary>
    /// <param name="store">The cluster's objects.</param>
    /// <param name="ns">Namespace of the pod.</param>
    /// <param name="name">Name of the pod.</param>
    /// <param name="request">How it is deleted.</param>
    /// <exception cref="ApiStatusException">
    /// No such pod (NotFound), or its budget allows no disruption now (TooManyRequests, 429, with cause DisruptionBudget).
    /// </exception>
    public static void Evict(ClusterStore store, string ns, string name, DeleteRequest request)
    {
        var pod = store.Get(ResourceTypes.Pods, ns, name) ?? throw ApiStatusException.NotFound(ResourceTypes.Pods, name);
        var budgets = store.List(ResourceTypes.PodDisruptionBudgets, ns).Where(b => LabelSelection.Matches(b.At("spec.selector"), pod)).ToList();
        if (pod.IsPodActive() && pod.TextAt("status.phase") == "Running" && pod.IsPodReady())
        {
            if (budgets.Count > 1)
            {
                throw new ApiStatusException(500, "InternalError",
                    "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.");
            }
            foreach (var budget in budgets)
            {
                Take(store, budget, request.DryRun);
            }
        }
        store.Delete(ResourceTypes.Pods, ns, name, request with { Uid = request.Uid ?? pod.Uid() });
    }

    // Counted down here, so that two evictions in a row cannot use the same allowance before the controller looks again.
    private static void Take(ClusterStore store, JsonObject budget, bool dryRun)
    {
        var taken = false;
        store.Modify(ResourceTypes.PodDisruptionBudgets, budget.Namespace(), budget.Name(), current =>
        {
            budget = current;
            taken = current.Number("status.disruptionsAllowed") > 0 && current.Number("status.observedGeneration") >= current.Number("metadata.generation");
            if (!taken || dryRun)
            {
                return false;
            }
            current.Child("status")["disruptionsAllowed"] = current.Number("status.disruptionsAllowed") - 1;
            return true;
        }, status: true);
        if (!taken)
        {
            throw new ApiStatusException(429, "TooManyRequests", "Cannot evict pod as it would violate the pod's disruption budget.")
            {
                Causes =
                [
                    new("DisruptionBudget", $"The disruption budget {budget.Name()} needs {budget.Number("status.desiredHealthy")} healthy pods and has "
                        + $"{budget.Number("status.currentHealthy")} currently", null),
                ],
                RetryAfterSeconds = budget.Number("status.observedGeneration") < budget.Number("metadata.generation") ? 10 : 0,
            };
        }
    }
}
