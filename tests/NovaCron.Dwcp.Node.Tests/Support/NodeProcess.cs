using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;

namespace NovaCron.Dwcp.Node.Tests.Support;

/// <summary>A real dwcpd in a process of its own, as the kubelet starts it. Killed when disposed.</summary>
public sealed partial class NodeProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly ConcurrentQueue<string> _lines = new();

    private NodeProcess(Process process) => _process = process;

    public IReadOnlyList<string> Lines => [.. _lines];

    public int Id => _process.Id;

    public IPEndPoint Data { get; private set; } = null!;

    public IPEndPoint Http { get; private set; } = null!;

    public IPEndPoint Admin { get; private set; } = null!;

    public static string Executable => Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "dwcpd.exe" : "dwcpd");

    /// <summary>Starts <c>dwcpd serve</c> and returns when its ports are open.</summary>
    public static async Task<NodeProcess> ServeAsync(TestPod pod)
    {
        var node = Start(pod, "serve");
        try
        {
            await Eventually.TrueAsync(() => node._process.HasExited || node.Find("serves:") is not null, "dwcpd serves");
            var line = node.Find("serves:") ?? throw new InvalidOperationException("dwcpd ended: " + string.Join('\n', node.Lines));
            node.Data = IPEndPoint.Parse((string)line["data"]!);
            node.Http = IPEndPoint.Parse((string)line["http"]!);
            node.Admin = IPEndPoint.Parse((string)line["admin"]!);
            return node;
        }
        catch
        {
            await node.DisposeAsync();
            throw;
        }
    }

    public static NodeProcess Start(TestPod pod, params string[] arguments)
    {
        var start = new ProcessStartInfo(Executable, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in pod.Environment) start.Environment[name] = value;
        // The same runtime as this test's, wherever it is installed.
        start.Environment["DOTNET_ROOT"] = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "../../.."));
        var node = new NodeProcess(Process.Start(start)!);
        node._process.OutputDataReceived += (_, line) => node.Keep(line.Data);
        node._process.ErrorDataReceived += (_, line) => node.Keep(line.Data);
        node._process.BeginOutputReadLine();
        node._process.BeginErrorReadLine();
        return node;
    }

    public void Signal(int number) => Assert.Equal(0, Kill(_process.Id, number));

    public async Task<int> WaitForExitAsync(int seconds = 120)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(seconds));
        await _process.WaitForExitAsync(limit.Token);
        return _process.ExitCode;
    }

    /// <summary>The first log line whose message has the text.</summary>
    public JsonObject? Find(string text) => _lines.Where(line => line.StartsWith('{')).Select(line => JsonNode.Parse(line)!.AsObject())
        .FirstOrDefault(line => ((string?)line["message"])?.Contains(text, StringComparison.Ordinal) == true);

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private void Keep(string? line)
    {
        if (line is not null) _lines.Enqueue(line);
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
