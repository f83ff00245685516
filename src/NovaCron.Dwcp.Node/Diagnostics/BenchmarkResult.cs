namespace NovaCron.Dwcp.Node.Diagnostics;

/// <summary>One measurement.</summary>
/// <param name="Kind">What was measured.</param>
/// <param name="Data">The data that it was measured on.</param>
/// <param name="Bytes">User bytes handled.</param>
/// <param name="Seconds">Time that they took.</param>
/// <param name="BytesPerSecond">User bytes per second.</param>
/// <param name="Figures">Further figures by name; the unit is in the name.</param>
/// <param name="MemoryCopyBytesPerSecond">The machine's own limit beside it: copying memory in one thread, measured in the same run.</param>
internal sealed record BenchmarkResult(
    string Kind, string Data, long Bytes, double Seconds, double BytesPerSecond, IReadOnlyDictionary<string, double> Figures, double MemoryCopyBytesPerSecond);
