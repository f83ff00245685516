namespace NovaCron.Dwcp.Transport.Sessions;

/// <summary>What to do to one request.</summary>
/// <param name="Fail">Answer with <see cref="DwcpErrorCode.ServerFailure"/>.</param>
/// <param name="Delay">Wait first, within the request's service time.</param>
public readonly record struct SessionFault(bool Fail, TimeSpan Delay);
