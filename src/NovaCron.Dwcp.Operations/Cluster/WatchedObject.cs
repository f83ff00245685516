namespace NovaCron.Dwcp.Operations.Cluster;

/// <summary>An object that appeared, changed or went away.</summary>
public sealed record WatchedObject<T>(WatchChange Change, T Object);
