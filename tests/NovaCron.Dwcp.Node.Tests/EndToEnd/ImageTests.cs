using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using NovaCron.Dwcp.Node.Tests.Support;
using NovaCron.Dwcp.Operations.Images;
using NovaCron.Dwcp.Operations.Staging;

namespace NovaCron.Dwcp.Node.Tests.EndToEnd;

/// <summary>The image as it ships: published, built by buildah, pushed to a registry, pulled by its digest, and run.</summary>
public sealed class ImageTests(ITestOutputHelper output) : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("dwcp-image-test-").FullName;
    private readonly List<Process> _processes = [];

    public void Dispose()
    {
        foreach (var process in _processes)
        {
            // buildah's own helpers end with it, before a walk down the tree has found what they started: the container. So the whole tree is read first,
            // and its innermost process is asked to end, as a runtime would: then buildah tidies up and ends, too.
            var tree = process.HasExited ? [] : Descendants(process.Id).ToList();
            if (tree.Count > 0)
            {
                using var ask = Process.Start("kill", ["-TERM", $"{tree[^1]}"]);
                ask.WaitForExit();
                process.WaitForExit(TimeSpan.FromSeconds(20));
            }
            if (!process.HasExited) process.Kill();
            process.WaitForExit();
            process.Dispose();
            foreach (var id in tree) Kill(id);
        }
        Environment.SetEnvironmentVariable("CONTAINERS_STORAGE_CONF", null);
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task The_published_program_becomes_a_small_image_without_a_shell_that_is_pushed_and_runs()
    {
        foreach (var needed in new[] { "buildah", "docker-registry", "ldd" })
        {
            if (Find(needed) is null) Assert.Skip($"{needed} is not installed (Debian packages buildah, docker-registry)");
        }
        // A store of its own, without overlay mounts, which not every machine allows.
        var storage = Path.Combine(_directory, "storage.conf");
        File.WriteAllText(storage, $"[storage]\ndriver = \"vfs\"\ngraphroot = \"{_directory}/graph\"\nrunroot = \"{_directory}/run\"\n");
        Environment.SetEnvironmentVariable("CONTAINERS_STORAGE_CONF", storage);

        var (works, why) = await TryRunAsync("buildah", 60, "info");
        if (works != 0) Assert.Skip($"buildah may not work as this user: {why.Trim()}");

        var program = Path.Combine(_directory, "dwcpd");
        // Without compiling ahead, which costs minutes here and changes only how fast it starts.
        var runtime = System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture == System.Runtime.InteropServices.Architecture.Arm64 ? "linux-arm64" : "linux-x64";
        var (published, said) = await TryRunAsync("dotnet", 480, "publish", Path.Combine(Root, "src", "NovaCron.Dwcp.Node"), "-c", "Release", "-r", runtime, "-o", program,
            "-p:PublishReadyToRun=false", "-p:RunAnalyzers=false", "-v", "q");
        if (published != 0 && (said.Contains("error NU1101", StringComparison.Ordinal) || said.Contains("error NU1301", StringComparison.Ordinal)))
            Assert.Skip("the runtime packs for a self-contained program cannot be restored here");
        Assert.True(published == 0, said);

        var port = FreePort();
        var registryConfiguration = Path.Combine(_directory, "registry.yml");
        File.WriteAllText(registryConfiguration, $"version: 0.1\nstorage: {{filesystem: {{rootdirectory: {_directory}/registry}}}}\nhttp: {{addr: 127.0.0.1:{port}}}\n");
        Start("docker-registry", "serve", registryConfiguration);
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        await Eventually.TrueAsync(async () => (await TryGetAsync(http, $"http://127.0.0.1:{port}/v2/"))?.StatusCode == HttpStatusCode.OK, "the registry answers", 60);

        var bill = Path.Combine(_directory, "dwcpd.cdx.json");
        var image = await new ImagePublisher().PublishAsync(new ImageOptions
        {
            Path = program, Registry = $"127.0.0.1:{port}/novacron", Tag = "test", Tool = "buildah", BaseImage = ImageOptions.NoBaseImage,
            AllowInsecureRegistry = true, BillOfMaterialsPath = bill,
        }, new Lines(output.WriteLine));
        output.WriteLine($"{image.Reference}: {image.Size / 1e6:0.0} MB, {image.Components} components, {image.Duration.TotalSeconds:0.0} s");
        Assert.Equal("65532:65532", image.User);
        Assert.StartsWith($"127.0.0.1:{port}/novacron/dwcpd@sha256:", image.Reference);
        Assert.InRange(image.Size, 20_000_000, 120_000_000);
        var components = System.Text.Json.Nodes.JsonNode.Parse(await File.ReadAllTextAsync(bill))!["components"]!.AsArray().Select(c => c!["name"]!.ToString()).ToList();
        Assert.Contains("KubernetesClient", components);
        Assert.Contains("NovaCron.Dwcp.Transport", components);

        // The same to a registry that is not there.
        var down = await Assert.ThrowsAsync<DwcpStagingException>(() => new ImagePublisher().PublishAsync(new ImageOptions
        {
            Path = program, Registry = $"127.0.0.1:{FreePort()}/novacron", Tag = "test", Tool = "buildah", BaseImage = ImageOptions.NoBaseImage, AllowInsecureRegistry = true, PushAttempts = 1,
        }));
        Assert.Contains("did not take 127.0.0.1:", down.Message);
        Assert.Contains("registry is up", down.Remedy);

        // What the registry has, by digest, with nothing but the image's own files.
        var container = (await RunAsync("buildah", 120, "from", "--tls-verify=false", image.Reference)).Trim();
        using var pod = new TestPod();
        pod.Environment["DWCP_ROOT"] = "/pod";
        var ports = (Http: FreePort(), Data: FreePort(), Admin: FreePort(), Metrics: FreePort());
        (pod.Environment["PORT"], pod.Environment["DWCP_DATA_PORT"], pod.Environment["DWCP_ADMIN_PORT"], pod.Environment["PROMETHEUS_PORT"]) =
            ($"{ports.Http}", $"{ports.Data}", $"{ports.Admin}", $"{ports.Metrics}");
        foreach (var entry in Directory.GetFileSystemEntries(pod.Root, "*", SearchOption.AllDirectories).Append(pod.Root))
            if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(entry, (UnixFileMode)0b111_111_111);
        List<string> arguments = ["run", "--isolation", "chroot", "--volume", $"{pod.Root}:/pod"];
        foreach (var (name, value) in pod.Environment) arguments.AddRange(["--env", $"{name}={value}"]);
        Start("buildah", [.. arguments, container, "--", "/usr/lib/dwcpd/dwcpd", "serve"]);
        await Eventually.TrueAsync(async () => (await TryGetAsync(http, $"http://127.0.0.1:{ports.Http}/health")) is not null, "the container answers /health");
        await Eventually.TrueAsync(
            async () => await TryGetAsync(http, $"http://127.0.0.1:{ports.Metrics}/metrics") is { } metrics && (await metrics.Content.ReadAsStringAsync()).Contains("dwcp_build_info", StringComparison.Ordinal),
            "the container shows its metrics");
    }

    [Fact]
    public async Task Neither_a_program_nor_a_Dockerfile_and_an_unknown_tool_are_told_what_to_do()
    {
        var unknown = await Assert.ThrowsAsync<DwcpStagingException>(() => new ImagePublisher().PublishAsync(new ImageOptions { Path = _directory, Tool = "kaniko" }));
        Assert.Contains("buildah", unknown.Remedy);
        if (Find("buildah") is null) return;
        var empty = await Assert.ThrowsAsync<DwcpStagingException>(() => new ImagePublisher().PublishAsync(new ImageOptions { Path = _directory, Tool = "buildah" }));
        Assert.Contains("dotnet publish", empty.Remedy);
    }

    private static IEnumerable<int> Descendants(int process)
    {
        var children = Directory.GetDirectories("/proc").Select(d => int.TryParse(Path.GetFileName(d), out var id) ? id : 0).Where(id => id > 0 && ParentOf(id) == process);
        return children.SelectMany(id => Descendants(id).Prepend(id));
    }

    private static int ParentOf(int process)
    {
        try
        {
            // proc(5): the command stands in parentheses, then state and parent.
            var stat = File.ReadAllText($"/proc/{process}/stat");
            return int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return 0; // it has ended
        }
    }

    private static void Kill(int id)
    {
        try
        {
            using var process = Process.GetProcessById(id);
            process.Kill();
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            // It has ended by itself.
        }
    }

    private static string Root
    {
        get
        {
            var directory = new DirectoryInfo(AppContext.BaseDirectory);
            while (!File.Exists(Path.Combine(directory.FullName, "NovaCron.Dwcp.sln"))) directory = directory.Parent!;
            return directory.FullName;
        }
    }

    private static string? Find(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(d => Path.Combine(d, name)).FirstOrDefault(File.Exists);

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static async Task<HttpResponseMessage?> TryGetAsync(HttpClient http, string address)
    {
        try
        {
            return await http.GetAsync(new Uri(address));
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            return null;
        }
    }

    private Process Start(string name, params string[] arguments)
    {
        var process = Process.Start(new ProcessStartInfo(name, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        _processes.Add(process);
        process.OutputDataReceived += (_, line) => Say(line.Data);
        process.ErrorDataReceived += (_, line) => Say(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;

        void Say(string? line)
        {
            if (line is not null && TestContext.Current.TestState is null) output.WriteLine(line);
        }
    }

    private async Task<string> RunAsync(string name, int seconds, params string[] arguments)
    {
        var (code, said) = await TryRunAsync(name, seconds, arguments);
        Assert.True(code == 0, $"{name} {string.Join(' ', arguments)}: {said}");
        return said;
    }

    private async Task<(int Code, string Output)> TryRunAsync(string name, int seconds, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(name, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        _processes.Add(process);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(seconds));
        var read = process.StandardOutput.ReadToEndAsync(limit.Token);
        var error = process.StandardError.ReadToEndAsync(limit.Token);
        await process.WaitForExitAsync(limit.Token);
        _processes.Remove(process);
        return (process.ExitCode, process.ExitCode == 0 ? await read : await read + await error);
    }

    private sealed class Lines(Action<string> write) : IProgress<string>
    {
        public void Report(string value) => write(value);
    }
}
