namespace NovaCron.Dwcp.Rehearsal.Cel;

/// <summary>An expression cannot be read or evaluated; the message says why.</summary>
public sealed class CelException(string message) : Exception(message);
