namespace NovaCron.Dwcp.Rehearsal.Storage;

/// <summary>One cause in a Status: what is wrong with which field.</summary>
/// <param name="Reason">Machine-readable reason, such as <c>FieldValueRequired</c>.</param>
/// <param name="Message">Text for people.</param>
/// <param name="Field">Path of the field, such as <c>spec.replicas</c>.</param>
public sealed record StatusCause(string Reason, string Message, string? Field);
