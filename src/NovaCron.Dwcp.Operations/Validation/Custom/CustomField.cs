namespace NovaCron.Dwcp.Operations.Validation.Custom;

/// <summary>A field of an object of the cluster.</summary>
/// <param name="ApiVersion">For example <c>apps/v1</c>.</param>
/// <param name="Kind">For example <c>Deployment</c>. Secrets are not read.</param>
/// <param name="Namespace">Its namespace; the validated one when absent.</param>
/// <param name="Name">Its name.</param>
/// <param name="Pointer">Where in the object, as a JSON pointer (RFC 6901), for example <c>/spec/replicas</c>.</param>
public sealed record CustomField(string ApiVersion, string Kind, string? Namespace, string Name, string Pointer);
