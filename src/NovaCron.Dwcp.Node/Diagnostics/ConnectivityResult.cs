namespace NovaCron.Dwcp.Node.Diagnostics;

/// <summary>One thing that the node depends on, tried now.</summary>
/// <param name="Target">redis, dns, api-server or store.</param>
/// <param name="Ok">Whether it answered as it should.</param>
/// <param name="Required">Whether the node cannot work without it.</param>
/// <param name="Milliseconds">Time that it took.</param>
/// <param name="Detail">What was tried and what came back.</param>
internal sealed record ConnectivityResult(string Target, bool Ok, bool Required, double Milliseconds, string Detail);
