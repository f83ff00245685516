namespace NovaCron.Dwcp.Node.Metrics;

/// <summary>What the people's gauges show: figures over the last minute. NaN where nothing happened that could be measured.</summary>
/// <param name="ErrorPercent">Requests that the node failed, percent of all.</param>
/// <param name="P99Milliseconds">99th percentile of the node's own service time, milliseconds.</param>
/// <param name="BytesPerSecond">User bytes per second.</param>
/// <param name="PercentSaved">Percent of the user bytes that did not have to travel; negative when the protocol cost more.</param>
internal sealed record WindowFigures(double ErrorPercent, double P99Milliseconds, double BytesPerSecond, double PercentSaved);
