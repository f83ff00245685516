using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using k8s;
using NovaCron.Dwcp.Rehearsal.Api;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Tests.Api;

/// <summary>A running API server with clients; one a test class.</summary>
public sealed class ApiFixture : IAsyncLifetime
{
    private static readonly string? KubectlPath = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Select(static d => Path.Combine(d, "kubectl")).FirstOrDefault(File.Exists);

    private string _directory = "";

    public ClusterStore Store { get; } = new();

    public FakePodRuntime Pods { get; } = new();

    public ApiServer Server { get; private set; } = null!;

    public Kubernetes Client { get; private set; } = null!;

    public HttpClient Http { get; private set; } = null!;

    public string KubeconfigPath { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        _directory = Directory.CreateTempSubdirectory("dwcp-api-").FullName;
        KubeconfigPath = Path.Combine(_directory, "kubeconfig");
        Server = await ApiServer.StartAsync(Store, new ApiServerOptions { PodRuntime = Pods }, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(KubeconfigPath, Server.Kubeconfig(), TestContext.Current.CancellationToken);
        Client = ClientOf("rehearsal");
        Http = HttpOf(Server.AdministratorToken);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        Http.Dispose();
        await Server.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    public Kubernetes ClientOf(string context) => new(KubernetesClientConfiguration.BuildConfigFromConfigFile(KubeconfigPath, context));

    public HttpClient HttpOf(string? token)
    {
        var client = new HttpClient(new HttpClientHandler { ServerCertificateCustomValidationCallback = static (_, _, _, _) => true })
        {
            BaseAddress = Server.Url,
        };
        client.DefaultRequestHeaders.Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token);
        return client;
    }

    /// <summary>A namespace of the test's own.</summary>
    public string NewNamespace()
    {
        var name = "t-" + Guid.NewGuid().ToString("N")[..10];
        Store.Create(ResourceTypes.Namespaces, new JsonObject { ["metadata"] = new JsonObject { ["name"] = name } });
        new NamespaceContent(Store, "").Fill(name);
        return name;
    }

    public async Task<(int Code, JsonObject Body)> SendAsync(
        HttpMethod method, string path, string? body = null, string contentType = "application/json", HttpClient? client = null)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8);
            request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);
        }
        using var answer = await (client ?? Http).SendAsync(request, TestContext.Current.CancellationToken);
        var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return ((int)answer.StatusCode, JsonNode.Parse(text) as JsonObject ?? []);
    }

    public static string SkipWithoutKubectl()
    {
        Assert.SkipWhen(KubectlPath is null, "kubectl is not installed on this machine.");
        return KubectlPath!;
    }

    /// <summary>Runs kubectl; output and errors together.</summary>
    public async Task<(int Code, string Output)> KubectlAsync(string? input, params string[] arguments)
    {
        var start = new ProcessStartInfo(SkipWithoutKubectl())
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = _directory,
        };
        start.Environment["KUBECONFIG"] = KubeconfigPath;
        start.Environment["HOME"] = _directory;
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }
        using var process = Process.Start(start)!;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        try
        {
            if (input is not null)
            {
                await process.StandardInput.WriteAsync(input.AsMemory(), limit.Token);
            }
            process.StandardInput.Close();
            var (output, errors) = (process.StandardOutput.ReadToEndAsync(limit.Token), process.StandardError.ReadToEndAsync(limit.Token));
            await process.WaitForExitAsync(limit.Token);
            return (process.ExitCode, await output + await errors);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }

    public async Task<string> KubectlOkAsync(string? input, params string[] arguments)
    {
        var (code, output) = await KubectlAsync(input, arguments);
        Assert.True(code == 0, $"kubectl {string.Join(' ', arguments)} ended with {code}: {output}");
        return output;
    }
}
