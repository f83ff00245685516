using System.Globalization;
using System.Management.Automation;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace NovaCron.Dwcp.Tool.Screens;

/// <summary>A terminal: lines scroll by above a region that shows the step under way and its progress.</summary>
internal sealed class LiveScreen : IScreen
{
    private static readonly TimeSpan RefreshInterval = TimeSpan.FromMilliseconds(120);
    private static readonly string[] Spinner = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

    private readonly IAnsiConsole _console;
    private readonly TimeProvider _time;
    private readonly Lock _gate = new();
    private readonly SortedDictionary<(long Source, int Activity), ProgressRecord> _progress = [];
    private readonly CancellationTokenSource _closing = new();
    private readonly Task _drawing;
    private (string Name, long Start)? _step;
    private int _frame;

    public LiveScreen(IAnsiConsole console, TimeProvider time)
    {
        _console = console;
        _time = time;
        _drawing = Task.Run(DrawAsync);
    }

    public int Width => Math.Max(40, _console.Profile.Width - 1);

    public bool IsTerminal => true;

    public void WriteLine(LineKind kind, string text)
    {
        IRenderable line = kind switch
        {
            LineKind.Output => new AnsiLine(text),
            LineKind.Information => new AnsiLine(text),
            LineKind.Verbose => new AnsiLine($"\e[90m{text}\e[0m"),
            LineKind.Debug => new AnsiLine($"\e[90m{text}\e[0m"),
            LineKind.Warning => new AnsiLine($"\e[33mWARNING: {text}\e[0m"),
            LineKind.Error => new AnsiLine($"\e[31m{text}\e[0m"),
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
        };
        _console.Write(line);
    }

    public void WriteProgress(long sourceId, ProgressRecord record)
    {
        lock (_gate)
        {
            if (record.RecordType == ProgressRecordType.Completed)
                _progress.Remove((sourceId, record.ActivityId));
            else
                _progress[(sourceId, record.ActivityId)] = record;
        }
    }

    public void BeginStep(string name)
    {
        lock (_gate)
            _step = (name, _time.GetTimestamp());
    }

    public void EndStep(string name, TimeSpan duration, string? failure)
    {
        lock (_gate)
        {
            _step = null;
            _progress.Clear();
        }
        var seconds = duration.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture);
        _console.Write(new AnsiLine(failure is null
            ? $"\e[32m✔\e[0m {name} \e[90m{seconds} s\e[0m"
            : $"\e[31m✘ {name}\e[0m \e[90m{seconds} s\e[0m \e[31m{failure}\e[0m"));
    }

    public void Dispose()
    {
        _closing.Cancel();
        _drawing.GetAwaiter().GetResult();
        _closing.Dispose();
    }

    private Task DrawAsync() =>
        _console.Live(new Text("")).AutoClear(true).StartAsync(async context =>
        {
            while (!_closing.IsCancellationRequested)
            {
                context.UpdateTarget(Draw());
                await Task.Delay(RefreshInterval, _time, _closing.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        });

    private IRenderable Draw()
    {
        var rows = new List<IRenderable>();
        lock (_gate)
        {
            if (_step is { } step)
                rows.Add(new Markup(string.Create(CultureInfo.InvariantCulture,
                    $"[yellow]{Spinner[_frame++ % Spinner.Length]}[/] [bold]{Markup.Escape(step.Name)}[/] [grey]{_time.GetElapsedTime(step.Start).TotalSeconds:0} s[/]")));
            foreach (var record in _progress.Values.TakeLast(6))
                rows.Add(new Markup($"  {Bar(record.PercentComplete)}[grey]{Markup.Escape(record.Activity)}[/] {Markup.Escape(record.StatusDescription)}")
                {
                    Overflow = Overflow.Ellipsis,
                });
        }
        return rows.Count == 0 ? new Text("") : new Rows(rows);
    }

    private static string Bar(int percent)
    {
        const int Cells = 20;
        if (percent < 0)
            return "";
        var full = Math.Clamp(percent, 0, 100) * Cells / 100;
        return $"[green]{new string('━', full)}[/][grey]{new string('━', Cells - full)}[/] {percent,3} % ";
    }

    /// <summary>A line that may carry escape sequences of PowerShell's own formatting. It erases the live region below first, which is drawn again after it.</summary>
    private sealed class AnsiLine(string text) : Renderable
    {
        protected override IEnumerable<Segment> Render(RenderOptions options, int maxWidth) => [Segment.Control("\e[J" + text), Segment.LineBreak];
    }
}
