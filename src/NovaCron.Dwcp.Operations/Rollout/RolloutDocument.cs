namespace NovaCron.Dwcp.Operations.Rollout;

/// <summary>A text kept in the cluster under a name: evidence, old history, reports. At most 900 KiB.</summary>
/// <param name="Name">Name of the ConfigMap.</param>
/// <param name="Text">The text.</param>
/// <param name="Revision">resourceVersion as read; null for one that does not exist yet.</param>
public sealed record RolloutDocument(string Name, string Text, string? Revision);
