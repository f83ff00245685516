namespace NovaCron.Dwcp.Operations.Validation;

/// <summary>A check could not decide: something that it needs is missing or stale.</summary>
internal sealed class InconclusiveException(string message) : Exception(message);
