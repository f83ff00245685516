namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>A port that a pod tried.</summary>
/// <param name="Target">Name of a sibling, or what else it is.</param>
/// <param name="Address">Where.</param>
/// <param name="Port">Which.</param>
/// <param name="Protocol">tcp or udp.</param>
/// <param name="Reached">Whether something answered; null when the pod could not try it.</param>
/// <param name="Detail">What came back.</param>
internal sealed record PodAttempt(string Target, string Address, long Port, string Protocol, bool? Reached, string Detail);
