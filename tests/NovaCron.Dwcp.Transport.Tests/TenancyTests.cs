using NovaCron.Dwcp.Transport.Sessions;
using NovaCron.Dwcp.Transport.Transfers;

namespace NovaCron.Dwcp.Transport.Tests;

public sealed class TenancyTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Another_principal_sees_nothing_reads_nothing_and_saves_nothing()
    {
        await using var node = await TestNode.StartAsync(_folder.At("store"));
        await using var client = new TransferClient([new V3ClientProtocol()]);
        var bytes = TestFolder.Noise(2_000_000, 1);
        await client.SendAsync(node.Request("secret"), TransferSource.FromMemory(bytes));
        var bob = node.Request("secret") with { ApiKey = TestNode.OtherKey };
        Assert.Empty(await client.ListAsync(bob));
        var e = await Assert.ThrowsAsync<DwcpTransferException>(() => client.ReceiveAsync(bob, TransferSink.ToMemory()));
        Assert.Equal(DwcpErrorCode.NotFound, e.Code);
        Assert.False(await client.DeleteAsync(bob));
        var sent = await client.SendAsync(bob, TransferSource.FromMemory(bytes));
        Assert.Equal(0, sent.SkippedBytes);
        Assert.Equal(bytes.Length, sent.ChunkBytes);
        Assert.True(await client.DeleteAsync(bob));
        Assert.Single(await client.ListAsync(node.Request("secret")));
    }

    [Fact]
    public async Task A_wrong_key_is_refused_without_a_session_and_without_a_retry()
    {
        await using var node = await TestNode.StartAsync(_folder.At("store"));
        await using var client = new TransferClient([new V3ClientProtocol()]);
        var attempts = new List<TransferAttempt>();
        var e = await Assert.ThrowsAsync<DwcpTransferException>(
            () => client.SendAsync(node.Request("o") with { ApiKey = "wrong", AttemptFailed = attempts.Add }, TransferSource.FromMemory(new byte[10])));
        Assert.Equal((DwcpErrorCode.NotAuthenticated, DwcpFault.Client), (e.Code, e.Fault));
        Assert.Empty(attempts);
        Assert.Empty(node.Observer.Started);
        Assert.Contains("unknown API key", node.Observer.Refusals);
        Assert.DoesNotContain("wrong", string.Join(' ', node.Observer.Refusals));
    }

    [Fact]
    public async Task A_client_certificate_is_a_credential_when_its_root_is_known()
    {
        await using var node = await TestNode.StartAsync(_folder.At("store"));
        await using var client = new TransferClient([new V3ClientProtocol()]);
        var request = node.Request("o") with { ApiKey = null, ClientCertificate = TestIdentity.Shared.IssueClient("alice") };
        await client.SendAsync(request, TransferSource.FromMemory(new byte[10]));
        Assert.Equal("alice", Assert.Single(node.Observer.Started).Principal);
        var stranger = request with { ClientCertificate = TestIdentity.Shared.IssueClient("mallory") };
        Assert.Equal(DwcpErrorCode.NotAuthenticated, (await Assert.ThrowsAsync<DwcpTransferException>(() => client.SendAsync(stranger, TransferSource.FromMemory(new byte[10])))).Code);
        // A certificate of another CA does not get through TLS.
        var forged = request with { ClientCertificate = new TestIdentity().IssueClient("alice"), GiveUpAfter = TimeSpan.FromMilliseconds(200) };
        await Assert.ThrowsAsync<DwcpTransferException>(() => client.SendAsync(forged, TransferSource.FromMemory(new byte[10])));
        Assert.Single(node.Observer.Started);
    }

    [Fact]
    public async Task A_node_that_is_not_the_one_expected_gets_no_credential()
    {
        await using var node = await TestNode.StartAsync(_folder.At("store"));
        await using var client = new TransferClient([new V3ClientProtocol()]);
        var pin = Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(TestIdentity.Shared.Server.RawData));
        TransferRequest[] untrusted =
        [
            node.Request("o") with { TrustedCertificates = new TestIdentity().Roots },
            node.Request("o") with { ServerName = "someone-else" },
            node.Request("o") with { Pin = new string('0', 64) },
            node.Request("o") with { TrustedCertificates = null },
        ];
        foreach (var request in untrusted)
        {
            var e = await Assert.ThrowsAsync<DwcpTransferException>(() => client.SendAsync(request, TransferSource.FromMemory(new byte[10])));
            Assert.Equal(DwcpErrorCode.UntrustedPeer, e.Code);
        }

        Assert.Empty(node.Observer.Started);
        await client.SendAsync(node.Request("o") with { TrustedCertificates = null, ServerName = "any", Pin = pin }, TransferSource.FromMemory(new byte[10]));
    }

    [Fact]
    public async Task The_canary_key_forces_v3_and_is_labelled()
    {
        await using var node = await TestNode.StartAsync(_folder.At("store"));
        node.Split.Percent = 0;
        await using var client = new TransferClient([new V3ClientProtocol()]);
        var e = await Assert.ThrowsAsync<DwcpTransferException>(() => client.SendAsync(node.Request("o") with { CanaryKey = "no" }, TransferSource.FromMemory(new byte[10])));
        Assert.Equal(DwcpErrorCode.NoCommonVersion, e.Code);
        await client.SendAsync(node.Request("o") with { CanaryKey = "canary-key" }, TransferSource.FromMemory(TestFolder.Noise(10, 1)));
        Assert.Equal(VersionLabel.Canary, Assert.Single(node.Observer.Started).Version);
        Assert.Equal(4, node.Observer.Requests.Count(r => r.Version == VersionLabel.Canary));
    }

    [Fact]
    public void Api_keys_are_read_from_lines_and_bad_lines_are_named_without_their_text()
    {
        var directory = ApiKeyDirectory.Parse($"\n# comment\n{ApiKeyDirectory.FormatLine("a", "key-a")}\n {ApiKeyDirectory.FormatLine("b", "key-b")} \r\n");
        Assert.Equal("a", directory.FindByApiKey("key-a"));
        Assert.Equal("b", directory.FindByApiKey("key-b"));
        Assert.Null(directory.FindByApiKey("key-c"));
        var e = Assert.Throws<FormatException>(() => ApiKeyDirectory.Parse("a b\n"));
        Assert.Contains("Line 1", e.Message);
    }
}
