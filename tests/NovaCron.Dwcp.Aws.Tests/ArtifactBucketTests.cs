namespace NovaCron.Dwcp.Aws.Tests;

public sealed class ArtifactBucketTests : IDisposable
{
    private readonly S3Double _s3 = new();
    private readonly string _directory = Directory.CreateTempSubdirectory("dwcp-artifacts-").FullName;

    public void Dispose()
    {
        _s3.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private ArtifactBucket Open(string secret = S3Double.Secret, string bucket = "artifacts", string access = S3Double.AccessKey) =>
        new(AwsSession.Open(new AwsKeys(access, secret, null), "eu-central-1"), bucket, _s3.Address);

    private string Write(string name, string text)
    {
        var path = Path.Combine(_directory, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    [Fact]
    public async Task What_arrives_is_what_was_read_under_a_signature_over_all_of_it()
    {
        Write("report.html", "<p>GO</p>");
        Write("sub/a b+c.json", "{\"ü\":1}");
        using var bucket = Open();
        foreach (var (key, path) in ArtifactFiles.Below(_directory, "/validation/1/"))
        {
            var artifact = await bucket.UploadAsync(key, path, TestContext.Current.CancellationToken);
            Assert.Equal($"s3://artifacts/{key}", artifact.Uri);
            Assert.Equal("v1", artifact.VersionId);
        }

        Assert.Equal(["validation/1/report.html", "validation/1/sub/a b+c.json"], _s3.Objects.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(File.ReadAllBytes(Path.Combine(_directory, "sub", "a b+c.json")), _s3.Objects["validation/1/sub/a b+c.json"]);
        Assert.StartsWith("text/html", _s3.ContentTypes["validation/1/report.html"]);
    }

    [Fact]
    public async Task A_bucket_that_is_busy_is_asked_again()
    {
        _s3.Failures = 2;
        using var bucket = Open();
        await bucket.UploadAsync("a.json", Write("a.json", "{}"), TestContext.Current.CancellationToken);
        Assert.Equal(3, _s3.Requests.Count);
        Assert.Single(_s3.Objects);
    }

    [Theory]
    [InlineData("wrong", "artifacts", S3Double.AccessKey, "SignatureDoesNotMatch", "-ProfileName")]
    [InlineData(S3Double.Secret, "artifacts", "AKIDSOMEBODY", "InvalidAccessKeyId", "-ProfileName")]
    [InlineData(S3Double.Secret, "elsewhere", S3Double.AccessKey, "NoSuchBucket", "artifact_bucket")]
    public async Task A_refusal_names_bucket_reason_and_remedy(string secret, string bucket, string access, string code, string remedy)
    {
        using var target = Open(secret, bucket, access);
        var e = await Assert.ThrowsAsync<DwcpAwsException>(() => target.UploadAsync("a.json", Write("a.json", "{}"), TestContext.Current.CancellationToken));
        Assert.Equal($"s3://{bucket}/a.json", e.Target);
        Assert.Contains(code, e.Message);
        Assert.Contains(remedy, e.Remedy);
        Assert.DoesNotContain(secret, e.ToString());
        Assert.Empty(_s3.Objects);
    }

    [Fact]
    public void What_is_not_there_is_no_file() => Assert.Empty(ArtifactFiles.Below(Path.Combine(_directory, "nothing"), null));
}
