namespace NovaCron.Dwcp.Aws.Tests;

public sealed class AwsSessionTests : IDisposable
{
    private readonly string _profiles = Path.GetTempFileName();

    public AwsSessionTests() => File.WriteAllText(_profiles, """
        [default]
        aws_access_key_id = AKIDDEFAULT
        aws_secret_access_key = default-secret
        [dwcp]
        aws_access_key_id = AKIDDWCP
        aws_secret_access_key = dwcp-secret
        region = eu-west-1
        """);

    public void Dispose() => File.Delete(_profiles);

    [Fact]
    public async Task A_profile_gives_keys_and_region_and_a_parameter_wins()
    {
        var session = AwsSession.Open(new AwsOptions { ProfileName = "dwcp", ProfileLocation = _profiles });
        Assert.Equal("eu-west-1", session.Region);
        Assert.Equal("dwcp-secret", (await session.KeysAsync()).SecretKey);
        Assert.Equal("us-east-2", AwsSession.Open(new AwsOptions { ProfileName = "dwcp", Region = "us-east-2", ProfileLocation = _profiles }).Region);
        Assert.False(session.IsFromSession);
    }

    [Fact]
    public void What_is_missing_or_malformed_is_named()
    {
        var profile = Assert.Throws<DwcpAwsException>(() => AwsSession.Open(new AwsOptions { ProfileName = "nobody", ProfileLocation = _profiles }));
        Assert.Contains("does not exist", profile.Message);
        Assert.Contains("dwcp", profile.Remedy);
        var region = Assert.Throws<DwcpAwsException>(() => AwsSession.Open(new AwsOptions { ProfileName = "dwcp", Region = "Frankfurt", ProfileLocation = _profiles }));
        Assert.Contains("no name of a region", region.Message);
        Assert.DoesNotContain("dwcp-secret", profile.ToString() + region);
    }

    [Fact]
    public async Task What_AWS_Tools_has_stored_in_the_session_is_used_although_its_types_are_not_ours()
    {
        var session = AwsSession.Open(new AwsOptions { StoredCredentials = new Wrapper(new ForeignCredentials()), StoredRegion = "eu-central-1" });
        Assert.True(session.IsFromSession);
        Assert.Equal("eu-central-1", session.Region);
        Assert.Equal(new AwsKeys("AKIDFOREIGN", "foreign-secret", "foreign-token"), await session.KeysAsync());
        // Also without the wrapper; and something else is refused by name.
        Assert.Equal("AKIDFOREIGN", (await AwsSession.Open(new AwsOptions { StoredCredentials = new ForeignCredentials(), StoredRegion = "eu-central-1" }).KeysAsync()).AccessKey);
        var e = await Assert.ThrowsAsync<DwcpAwsException>(() => AwsSession.Open(new AwsOptions { StoredCredentials = "text", StoredRegion = "eu-central-1" }).KeysAsync());
        Assert.Contains("is not understood as credentials", e.Message);
    }

    [Fact]
    public async Task Terraform_gets_session_keys_in_a_file_of_its_own_and_never_in_its_environment()
    {
        var work = Directory.CreateTempSubdirectory("dwcp-tf-").FullName;
        try
        {
            File.WriteAllText(Path.Combine(work, "main.tf"), "");
            var session = AwsSession.Open(new AwsOptions { StoredCredentials = new ForeignCredentials(), StoredRegion = "eu-central-1" });
            string file;
            using (var infrastructure = await AwsInfrastructure.OpenAsync(session, null, work, work, "staging", "state-bucket", new Dictionary<string, object?>(), "/bin/true"))
            {
                file = infrastructure.Environment["AWS_SHARED_CREDENTIALS_FILE"];
                Assert.Contains("foreign-secret", File.ReadAllText(file));
                if (!OperatingSystem.IsWindows())
                    Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
                Assert.DoesNotContain(infrastructure.Environment.Values, v => v.Contains("foreign", StringComparison.Ordinal));
                Assert.Equal("", infrastructure.Environment["AWS_SECRET_ACCESS_KEY"]);
            }

            Assert.False(File.Exists(file));
            using var byName = await AwsInfrastructure.OpenAsync(AwsSession.Open(new AwsOptions { ProfileName = "dwcp", ProfileLocation = _profiles }), "dwcp", work, work, "staging", "state-bucket", new Dictionary<string, object?>(), "/bin/true");
            Assert.Equal("dwcp", byName.Environment["AWS_PROFILE"]);
            Assert.False(byName.Environment.ContainsKey("AWS_SHARED_CREDENTIALS_FILE"));
        }
        finally
        {
            Directory.Delete(work, recursive: true);
        }
    }

    /// <summary>The shape of AWS.Tools' AWSPSCredentials and of the SDK's types behind it.</summary>
    private sealed class Wrapper(ForeignCredentials inner)
    {
        internal ForeignCredentials Credentials { get; } = inner;
    }

    private sealed class ForeignCredentials
    {
        public ForeignKeys GetCredentials() => new();
    }

    private sealed class ForeignKeys
    {
        public string AccessKey => "AKIDFOREIGN";

        public string SecretKey => "foreign-secret";

        public string Token => "foreign-token";
    }
}
