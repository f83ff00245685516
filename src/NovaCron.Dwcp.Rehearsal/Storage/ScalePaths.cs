namespace NovaCron.Dwcp.Rehearsal.Storage;

/// <summary>Where the scale subresource finds its numbers; dotted paths that begin at the object.</summary>
/// <param name="SpecReplicas">Path of the desired count.</param>
/// <param name="StatusReplicas">Path of the observed count.</param>
/// <param name="LabelSelector">Path of the selector: a string, or a LabelSelector object.</param>
public sealed record ScalePaths(string SpecReplicas, string StatusReplicas, string? LabelSelector);
