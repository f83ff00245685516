namespace NovaCron.Dwcp.Rehearsal.Controllers;

/// <summary>Which object to reconcile.</summary>
/// <param name="Namespace">Its namespace; empty for cluster-wide objects.</param>
/// <param name="Name">Its name.</param>
internal readonly record struct ObjectKey(string Namespace, string Name);
