using NovaCron.Dwcp.Node.Secrets;
using NovaCron.Dwcp.Node.Tests.Support;

namespace NovaCron.Dwcp.Node.Tests.Secrets;

public sealed class SecretFilesTests : IDisposable
{
    private readonly TestPod _pod = new();
    private readonly LogLines _log = new();

    public void Dispose() => _pod.Dispose();

    [Theory]
    [InlineData("tls.crt")]
    [InlineData("tls.key")]
    [InlineData("ca.crt")]
    [InlineData("api-keys")]
    [InlineData("ticket-key")]
    [InlineData("diagnostics-key")]
    public void A_missing_or_empty_file_is_named(string key)
    {
        File.WriteAllText(Path.Combine(_pod.Paths.Secrets, key), " \n");
        Assert.Contains($"{key} is empty", Assert.Throws<DwcpNodeException>(Open).Message);
        File.Delete(Path.Combine(_pod.Paths.Secrets, key));
        Assert.Contains($"{key} is missing", Assert.Throws<DwcpNodeException>(Open).Message);
    }

    [Theory]
    [InlineData("api-keys")]
    [InlineData("tls.key")]
    [InlineData("tls.crt")]
    [InlineData("ca.crt")]
    [InlineData("ticket-key")]
    public void A_malformed_file_is_named_and_its_content_never_printed(string key)
    {
        _pod.WriteSecret(key, "default hunter2-this-is-secret");
        var error = Assert.Throws<DwcpNodeException>(Open);
        Assert.Contains(key, error.Message);
        Assert.DoesNotContain("hunter2", error.ToString());
    }

    [Fact]
    public void A_malformed_line_of_api_keys_is_told_by_number()
    {
        var good = File.ReadAllText(Path.Combine(_pod.Paths.Secrets, "api-keys"));
        _pod.WriteSecret("api-keys", $"{good}\nsecond hunter2");
        var error = Assert.Throws<DwcpNodeException>(Open);
        Assert.Contains("Line 2", error.Message);
        Assert.DoesNotContain("hunter2", error.ToString());
    }

    [Fact]
    public void A_key_finds_its_principal_and_no_other_key_does()
    {
        var secrets = Open();
        Assert.Equal("default", secrets.FindByApiKey(_pod.ApiKey));
        Assert.Null(secrets.FindByApiKey(_pod.ApiKey + "x"));
        Assert.Null(secrets.FindByApiKey(""));
        Assert.Null(secrets.FindByApiKey(_pod.DiagnosticsKey));
        Assert.Equal(SecretFiles.DiagnosticsPrincipal, secrets.FindByApiKey(secrets.OwnApiKey));
    }

    [Fact]
    public void The_principal_of_diagnostics_cannot_be_claimed_by_a_file()
    {
        _pod.WriteApiKeys((SecretFiles.DiagnosticsPrincipal, _pod.ApiKey), ("default", TestPod.NewKey()));
        Assert.Null(Open().FindByApiKey(_pod.ApiKey));
    }

    [Fact]
    public void Rotated_keys_and_certificates_are_taken_without_a_restart()
    {
        var secrets = Open();
        var thumbprint = secrets.Current.Certificate.Thumbprint;
        NodeSecrets? told = null;
        secrets.Changed += changed => told = changed;
        var next = TestPod.NewKey();
        _pod.WriteApiKeys(("default", next));
        _pod.WriteCertificate();
        Assert.True(secrets.Reload());
        Assert.Null(secrets.FindByApiKey(_pod.ApiKey));
        Assert.Equal("default", secrets.FindByApiKey(next));
        Assert.NotEqual(thumbprint, secrets.Current.Certificate.Thumbprint);
        Assert.Same(secrets.Current, told);
        Assert.False(secrets.Reload());
    }

    [Fact]
    public void A_malformed_rotation_is_refused_once_and_the_last_good_one_stays()
    {
        var secrets = Open();
        _pod.WriteSecret("api-keys", "default hunter2");
        Assert.False(secrets.Reload());
        Assert.False(secrets.Reload());
        Assert.Equal(1, secrets.Failures);
        Assert.Equal("default", secrets.FindByApiKey(_pod.ApiKey));
        Assert.DoesNotContain("hunter2", _log.Text);
        Assert.Contains("api-keys", _log.Text);
    }

    private SecretFiles Open() => new(_pod.Paths.Secrets, TimeProvider.System, _log);
}
