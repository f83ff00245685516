using System.Globalization;
using System.Management.Automation;

namespace NovaCron.Dwcp.Tool.Screens;

/// <summary>Plain lines, for logs and pipes: no escape sequence, progress as a line now and then.</summary>
internal sealed class PlainScreen(TextWriter output, TextWriter error, TimeProvider time) : IScreen
{
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromSeconds(2);

    private readonly Lock _gate = new();
    private readonly long _start = time.GetTimestamp();
    private readonly Dictionary<(long Source, int Activity), (long At, string Text)> _progress = [];

    /// <summary>The width that style.md asks tables to fit; a log has no other.</summary>
    public int Width => 120;

    public bool IsTerminal => false;

    public void WriteLine(LineKind kind, string text)
    {
        var prefix = kind switch
        {
            LineKind.Verbose => "VERBOSE: ",
            LineKind.Debug => "DEBUG: ",
            LineKind.Warning => "WARNING: ",
            _ => "",
        };
        lock (_gate)
            (kind == LineKind.Error ? error : output).WriteLine(prefix + text);
    }

    public void WriteProgress(long sourceId, ProgressRecord record)
    {
        var key = (sourceId, record.ActivityId);
        lock (_gate)
        {
            if (record.RecordType == ProgressRecordType.Completed)
            {
                _progress.Remove(key);
                return;
            }
            var text = record.PercentComplete >= 0
                ? $"{record.Activity}: {record.StatusDescription} ({record.PercentComplete} %)"
                : $"{record.Activity}: {record.StatusDescription}";
            if (_progress.TryGetValue(key, out var last) && (last.Text == text || time.GetElapsedTime(last.At) < ProgressInterval))
                return;
            _progress[key] = (time.GetTimestamp(), text);
            output.WriteLine($"{Stamp()}   {text}");
        }
    }

    public void BeginStep(string name)
    {
        lock (_gate)
            output.WriteLine($"{Stamp()} > {name}");
    }

    public void EndStep(string name, TimeSpan duration, string? failure)
    {
        lock (_gate)
            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{Stamp()} {(failure is null ? "ok" : "FAILED")} {name} ({duration.TotalSeconds:0.0} s){(failure is null ? "" : ": " + failure)}"));
    }

    public void Dispose()
    {
        output.Flush();
        error.Flush();
    }

    private string Stamp() => string.Create(CultureInfo.InvariantCulture, $"[{time.GetElapsedTime(_start).TotalSeconds,6:0.0} s]");
}
