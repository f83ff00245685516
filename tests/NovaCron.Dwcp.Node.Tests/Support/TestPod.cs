using System.Buffers.Text;
using System.Security.Cryptography;
using NovaCron.Dwcp.Node.Configuration;
using NovaCron.Dwcp.Transport.Sessions;

namespace NovaCron.Dwcp.Node.Tests.Support;

/// <summary>What a kubelet gives a node: a root directory with secrets, store and service account, and an environment. Deleted in the end.</summary>
public sealed class TestPod : IDisposable
{
    public TestPod(string? apiServerHost = null, int apiServerPort = 0, string? apiServerRootPem = null)
    {
        Root = Directory.CreateTempSubdirectory("dwcp-node-").FullName;
        Paths = new NodePaths(Root);
        Directory.CreateDirectory(Paths.Secrets);
        Directory.CreateDirectory(Paths.Store);
        Directory.CreateDirectory(Paths.ServiceAccount);
        Directory.CreateDirectory(Path.Combine(Root, "run"));
        WriteCertificate();
        WriteSecret("ca.crt", Authority.RootPem);
        WriteApiKeys(("default", ApiKey));
        WriteSecret("client-api-key", ApiKey);
        WriteSecret("ticket-key", NewKey());
        WriteSecret("diagnostics-key", DiagnosticsKey);
        File.WriteAllText(Path.Combine(Paths.ServiceAccount, "token"), "test-token");
        File.WriteAllText(Path.Combine(Paths.ServiceAccount, "namespace"), "staging");
        File.WriteAllText(Path.Combine(Paths.ServiceAccount, "ca.crt"), apiServerRootPem ?? Authority.RootPem);
        Environment = new Dictionary<string, string>
        {
            ["DWCP_ROOT"] = Root,
            ["DWCP_POD_NAME"] = "dwcp-v3-test",
            ["DWCP_POD_NAMESPACE"] = "staging",
            ["DWCP_BIND_ADDRESS"] = "127.0.0.1",
            ["PORT"] = "0",
            ["PROMETHEUS_PORT"] = "0",
            ["DWCP_ADMIN_PORT"] = "0",
            ["DWCP_DATA_PORT"] = "0",
            ["DWCP_GRACE_SECONDS"] = "10",
            ["KUBERNETES_SERVICE_HOST"] = apiServerHost ?? "127.0.0.1",
            ["KUBERNETES_SERVICE_PORT"] = apiServerPort.ToString(System.Globalization.CultureInfo.InvariantCulture),
        };
    }

    public string Root { get; }

    public NodePaths Paths { get; }

    public TestAuthority Authority { get; } = new();

    public string ApiKey { get; } = NewKey();

    public string DiagnosticsKey { get; } = NewKey();

    public Dictionary<string, string> Environment { get; }

    public static string NewKey() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    public string? ReadVariable(string name) => Environment.GetValueOrDefault(name);

    public NodeOptions ReadOptions() => NodeOptions.FromEnvironment(ReadVariable);

    public void WriteSecret(string key, string text)
    {
        // As the kubelet does: the new content appears at once, never half of it.
        var file = Path.Combine(Paths.Secrets, key);
        File.WriteAllText(file + ".new", text);
        File.Move(file + ".new", file, overwrite: true);
    }

    public void WriteApiKeys(params (string Principal, string Key)[] keys) =>
        WriteSecret("api-keys", string.Join('\n', keys.Select(key => ApiKeyDirectory.FormatLine(key.Principal, key.Key))));

    public void WriteCertificate()
    {
        var (certificate, key) = Authority.Issue("dwcp-v3", "localhost");
        WriteSecret("tls.key", key);
        WriteSecret("tls.crt", certificate);
    }

    public void Dispose()
    {
        Authority.Dispose();
        Directory.Delete(Root, recursive: true);
    }
}
