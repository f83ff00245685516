namespace NovaCron.Dwcp.Node.Diagnostics;

/// <summary>One port somewhere else, tried now from this pod.</summary>
/// <param name="Target">Name of the sibling, or what else it is.</param>
/// <param name="Address">Where it was tried.</param>
/// <param name="Port">Its port.</param>
/// <param name="Protocol">tcp or udp.</param>
/// <param name="Reached">Whether something answered; null when it could not be tried.</param>
/// <param name="Milliseconds">Time that it took.</param>
/// <param name="Detail">What came back.</param>
internal sealed record NetworkAttempt(string Target, string Address, int Port, string Protocol, bool? Reached, double Milliseconds, string Detail);
