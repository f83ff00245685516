namespace NovaCron.Dwcp.Operations.Validation.Probes;

/// <summary>What an HTTP request came to.</summary>
/// <param name="Status">The status code; 0 when there was no answer.</param>
/// <param name="Body">The beginning of the answer, at most 64 KiB.</param>
/// <param name="Detail">Why there was no answer.</param>
internal sealed record HttpAttempt(int Status, string Body, string Detail);
