using System.Globalization;
using NovaCron.Dwcp.Transport.Transfers;

namespace NovaCron.Dwcp.Tool.Commands;

/// <summary>One line that a terminal draws over; on anything else a new line every two seconds.</summary>
internal sealed class TransferProgressLine(TextWriter output, bool isTerminal) : IProgress<TransferProgress>
{
    private const long LogIntervalMilliseconds = 2000;

    private readonly Lock _gate = new();
    private long _lastAt = -LogIntervalMilliseconds;
    private int _lastLength;

    public void Report(TransferProgress value)
    {
        var text = string.Create(CultureInfo.InvariantCulture,
            $"{value.UserBytes / 1048576.0:0.0}{(value.TotalBytes is { } total ? $" of {total / 1048576.0:0.0}" : "")} MiB  {value.BytesPerSecond / 1048576.0:0.0} MiB/s  {value.PercentSaved:0} % saved{(value.Remaining is { } left ? $"  {left.TotalSeconds:0} s left" : "")}");
        lock (_gate)
        {
            if (isTerminal)
            {
                output.Write("\r" + text.PadRight(_lastLength));
                _lastLength = text.Length;
            }
            else if (Environment.TickCount64 - _lastAt >= LogIntervalMilliseconds)
            {
                _lastAt = Environment.TickCount64;
                output.WriteLine(text);
            }
        }
    }

    /// <summary>Takes the line away.</summary>
    public void Clear()
    {
        lock (_gate)
            if (isTerminal && _lastLength > 0)
                output.Write("\r" + new string(' ', _lastLength) + "\r");
    }
}
