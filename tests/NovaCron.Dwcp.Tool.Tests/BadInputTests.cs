using System.Security.Cryptography.X509Certificates;
using NovaCron.Dwcp.Operations.Cluster;
using NovaCron.Dwcp.Operations.Staging;
using NovaCron.Dwcp.Rehearsal.Cluster;
using NovaCron.Dwcp.Tool.Rehearsal;

namespace NovaCron.Dwcp.Tool.Tests;

/// <summary>Wrong names and wrong keys against a cluster that works: each a clear error at once, and nothing changed.</summary>
public sealed class BadInputTests : IAsyncLifetime
{
    private readonly string _directory = Directory.CreateTempSubdirectory("dwcp-bad-input-").FullName;
    private RehearsalCluster _cluster = null!;

    public async ValueTask InitializeAsync() => _cluster = await RehearsalCluster.StartAsync(RehearsalClusterOptions.Create(null), TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _cluster.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task A_missing_namespace_is_named_by_every_cmdlet()
    {
        string[] commands =
        [
            "Get-DwcpStaging", "Remove-DwcpStaging -Confirm:$false", "Get-DwcpCredential", "Get-DwcpRollout", "Set-DwcpRollout 10 -NoWait -Confirm:$false",
            "Approve-DwcpRollout phase-1 -Reason why -Confirm:$false", "Suspend-DwcpRollout -Confirm:$false", "Invoke-DwcpRollback -Confirm:$false", "Get-DwcpRolloutReport",
        ];
        var script = string.Join('\n', commands.Select(command =>
            $"try {{ {command} -Kubeconfig '{_cluster.KubeconfigPath}' -Namespace nowhere -ErrorAction Stop; 'no error' }} catch {{ \"$($_.FullyQualifiedErrorId) $($_.Exception.Message)\" -replace '\\s+', ' ' }}"));
        var lines = await RunAsync(script);
        Assert.Equal(commands.Length, lines.Length);
        Assert.All(lines, line =>
        {
            Assert.StartsWith("Dwcp.", line);
            Assert.DoesNotContain("Dwcp.Unexpected", line);
            Assert.Contains("nowhere", line);
        });
    }

    [Fact]
    public async Task A_namespace_that_does_not_exist_is_never_a_GO()
    {
        var lines = await RunAsync(
            $"$r = Invoke-DwcpValidation -Kubeconfig '{_cluster.KubeconfigPath}' -Namespace nowhere; \"exit $($r.ExitCode)\"");
        Assert.Contains(lines[0], (string[])["exit 3", "exit 4"]);
    }

    [Fact]
    public async Task A_wrong_key_or_a_wrong_authority_moves_nothing()
    {
        var token = TestContext.Current.CancellationToken;
        using var connection = ClusterConnection.Open(new ClusterConnectionOptions { KubeconfigPath = _cluster.KubeconfigPath });
        await new StagingService(connection).DeployAsync(new StagingOptions { Namespace = "staging" }, null, token);
        await File.WriteAllTextAsync(Path.Combine(_directory, "file"), "content", token);
        using var key = System.Security.Cryptography.ECDsa.Create();
        var other = new CertificateRequest("CN=somebody else", key, System.Security.Cryptography.HashAlgorithmName.SHA256)
            .CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        await File.WriteAllTextAsync(Path.Combine(_directory, "other.pem"), other.ExportCertificatePem(), token);
        var lines = await RunAsync(
            $$"""
            $access = Get-DwcpCredential -Kubeconfig '{{_cluster.KubeconfigPath}}' -Namespace staging
            $wrong = [securestring]::new(); 'not the key'.ToCharArray().ForEach({ $wrong.AppendChar($_) })
            function Try-It($with) {
                try { $null = Start-DwcpTransfer '{{_directory}}/file' "dwcp://$($access.DataAddress)/o" -ServerName $access.ServerName @with -GiveUpAfter 00:00:05 -ErrorAction Stop; 'no error' }
                catch { "$($_.FullyQualifiedErrorId) $($_.CategoryInfo.Category) $($_.Exception.Message)" -replace '\s+', ' ' }
            }
            Try-It @{ ApiKey = $wrong; NodeAuthority = $access.NodeAuthority }
            Try-It @{ ApiKey = $access.ApiKey; NodeAuthority = '{{_directory}}/other.pem' }
            try { $null = $access | Start-DwcpTransfer -Receive -Path '{{_directory}}/back' -Source o -ErrorAction Stop; 'no error' } catch { $_.FullyQualifiedErrorId }
            """);
        Assert.StartsWith("Dwcp.Transfer.NotAuthenticated,NovaCron.Dwcp.PowerShell.Cmdlets.StartDwcpTransferCommand AuthenticationError", lines[0]);
        Assert.DoesNotContain("not the key", lines[0]);
        Assert.StartsWith("Dwcp.Transfer.UntrustedPeer,NovaCron.Dwcp.PowerShell.Cmdlets.StartDwcpTransferCommand SecurityError", lines[1]);
        Assert.StartsWith("Dwcp.Transfer.NotFound,", lines[2]);
        Assert.False(File.Exists(Path.Combine(_directory, "back")));
    }

    private async Task<string[]> RunAsync(string script)
    {
        var file = Path.Combine(_directory, "script.ps1");
        await File.WriteAllTextAsync(file, script, TestContext.Current.CancellationToken);
        var (_, output, error) = await ToolProcess.RunAsync("run", file);
        Assert.True(error.Length == 0, error);
        // Lines of progress begin with their time.
        return [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => !line.StartsWith('['))];
    }
}
