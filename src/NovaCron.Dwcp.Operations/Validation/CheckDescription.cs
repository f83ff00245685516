namespace NovaCron.Dwcp.Operations.Validation;

/// <summary>A check of the catalogue, for people who choose or document checks.</summary>
/// <param name="Id">Stable name, for selection and for exclusions.</param>
/// <param name="Category">Its category.</param>
/// <param name="Severity">Its weight.</param>
/// <param name="Title">What holds when it passes.</param>
/// <param name="Remedy">What to do when it fails.</param>
/// <param name="Phase">When it runs.</param>
public sealed record CheckDescription(string Id, CheckCategory Category, CheckSeverity Severity, string Title, string Remedy, CheckPhase Phase);
