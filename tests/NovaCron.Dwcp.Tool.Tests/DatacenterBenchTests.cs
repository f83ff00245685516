using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;

namespace NovaCron.Dwcp.Tool.Tests;

/// <summary><c>dwcp bench datacenter</c> between two processes that know each other by address and certificate, as two machines do.</summary>
public sealed partial class DatacenterBenchTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("dwcp-bench-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [GeneratedRegex(@"bench datacenter (?<remote>dwcp://\S+) .*--pin (?<pin>[0-9A-F]{64})")]
    private static partial Regex Command();

    [GeneratedRegex(@"^Copy (?<file>\S+) to", RegexOptions.Multiline)]
    private static partial Regex Certificate();

    [Fact]
    public async Task A_node_that_listens_is_measured_and_takes_files_from_whoever_has_its_certificate()
    {
        using var node = ToolProcess.Start("bench", "datacenter", "--listen", "127.0.0.1", "--directory", _directory);
        try
        {
            var said = "";
            while (!Command().IsMatch(said)) said += await node.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) + "\n";
            var (remote, pin, certificate) = (Command().Match(said).Groups["remote"].Value, Command().Match(said).Groups["pin"].Value, Certificate().Match(said).Groups["file"].Value);

            var (exitCode, output, error) = await ToolProcess.RunAsync("bench", "datacenter", remote, "--certificate", certificate, "--pin", pin, "--mib", "9", "--runs", "1", "--directory", _directory);
            Assert.True(exitCode == 0, error);
            Assert.Contains("| put, sockets | XXH3 |", output);
            Assert.Contains("| get, sockets | XXH3 + AES-GMAC |", output);

            // The same certificate as PEM.
            using var pkcs12 = X509CertificateLoader.LoadPkcs12FromFile(certificate, null, X509KeyStorageFlags.Exportable);
            var pem = Path.Combine(_directory, "client.pem");
            await File.WriteAllTextAsync(pem, pkcs12.ExportCertificatePem() + "\n" + pkcs12.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem(), TestContext.Current.CancellationToken);
            var file = Path.Combine(_directory, "file");
            await File.WriteAllBytesAsync(file, RandomNumberGenerator.GetBytes(100_000), TestContext.Current.CancellationToken);
            (exitCode, output, error) = await ToolProcess.RunAsync("send", file, remote, "--certificate", pem, "--pin", pin, "--mode", "Datacenter", "--verbose");
            Assert.True(exitCode == 0, error);
            Assert.Contains("over TCP+TLS", output);
            Assert.Contains("below", error); // a small file: the reason why not by the bulk path

            (exitCode, _, error) = await ToolProcess.RunAsync("send", file, remote, "--certificate", file, "--pin", pin);
            Assert.Equal(1, exitCode);
            Assert.Contains("cannot be read", error);
        }
        finally
        {
            node.Kill();
            await node.WaitForExitAsync(CancellationToken.None);
        }
    }
}
