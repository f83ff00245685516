using System.Diagnostics;

namespace NovaCron.Dwcp.Operations.Processes;

/// <summary>A program of the machine (terraform, podman, ...). Arguments go one by one, never through a shell; no secret belongs among them.</summary>
internal sealed class ExternalProgram(
    string path, IReadOnlyDictionary<string, string>? environment = null, string? workingDirectory = null, TimeSpan? grace = null, bool isInterruptedOnce = false)
{
    private const int KeptLines = 200;

    /// <summary>How long a cancelled program may take to end by itself before it is killed.</summary>
    private readonly TimeSpan _grace = grace ?? TimeSpan.FromSeconds(10);

    public string Path { get; } = path;

    public string Name => System.IO.Path.GetFileNameWithoutExtension(Path);

    /// <summary>The full path of a program on PATH, or null.</summary>
    public static string? Find(string name)
    {
        var names = OperatingSystem.IsWindows() ? new[] { name + ".exe", name + ".cmd" } : [name];
        return (Environment.GetEnvironmentVariable("PATH") ?? "").Split(System.IO.Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .SelectMany(directory => names.Select(n => System.IO.Path.Combine(directory, n))).FirstOrDefault(File.Exists);
    }

    /// <summary>Runs it to its end. Output lines are told as they come; the result keeps the last ones of each stream.</summary>
    public async Task<ProgramResult> RunAsync(IReadOnlyList<string> arguments, Action<string>? onOutput = null, CancellationToken cancellationToken = default)
    {
        // Ctrl+C in a terminal interrupts every process of its group, and then we would interrupt a second time, which programs such as terraform take for "at
        // once, without writing the state". In a session of its own it hears of it from us alone. setsid(1) becomes the program, so the process id is its.
        var session = isInterruptedOnce && OperatingSystem.IsLinux() ? Find("setsid") : null;
        var start = new ProcessStartInfo(session ?? Path)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            UseShellExecute = false,
            WorkingDirectory = workingDirectory ?? "",
        };
        if (session is not null)
            start.ArgumentList.Add(Path);
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
            start.Environment[name] = value;
        var output = new Queue<string>();
        var errors = new Queue<string>();
        using var process = Process.Start(start) ?? throw new IOException($"{Path} did not start");
        // Nothing here answers questions.
        process.StandardInput.Close();
        var reading = Task.WhenAll(ReadAsync(process.StandardOutput, output, onOutput), ReadAsync(process.StandardError, errors, null));
        try
        {
            await process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Without a session of its own, the terminal has told it already.
            await StopAsync(process, isToldAlready: isInterruptedOnce && session is null && !Console.IsInputRedirected).ConfigureAwait(false);
            throw;
        }

        await reading.ConfigureAwait(false);
        return new ProgramResult(process.ExitCode, [.. output], [.. errors]);
    }

    private static async Task ReadAsync(StreamReader reader, Queue<string> lines, Action<string>? onLine)
    {
        while (await reader.ReadLineAsync().ConfigureAwait(false) is { } line)
        {
            lines.Enqueue(line);
            if (onLine is null && lines.Count > KeptLines)
                lines.Dequeue();
            onLine?.Invoke(line);
        }
    }

    /// <summary>Asks first: a terraform that is killed leaves its state locked.</summary>
    private async Task StopAsync(Process process, bool isToldAlready)
    {
        try
        {
            if (!OperatingSystem.IsWindows() && Find("kill") is { } kill)
            {
                using var signal = isToldAlready ? null : Process.Start(new ProcessStartInfo(kill, ["-INT", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]));
                if (signal is not null)
                    await signal.WaitForExitAsync().ConfigureAwait(false);
                using var limit = new CancellationTokenSource(_grace);
                await process.WaitForExitAsync(limit.Token).ConfigureAwait(false);
                return;
            }
        }
        catch (OperationCanceledException)
        {
            // It did not end in time.
        }

        if (!process.HasExited)
            process.Kill(entireProcessTree: true);
    }
}
