using System.Text;

namespace NovaCron.Dwcp.Aws.Tests;

/// <summary>Against the examples that AWS publishes, and against an independent verifier.</summary>
public sealed class SignatureTests
{
    private static readonly AwsKeys Example = new("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", null);
    private static readonly AwsKeys S3Example = new("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", null);

    [Fact]
    public void Signed_headers_are_those_of_AWS_own_example()
    {
        // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html (ListUsers, 30 August 2015).
        var headers = SignatureV4.SignHeaders(new Uri("https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08"),
            new Dictionary<string, string> { ["Content-Type"] = "application/x-www-form-urlencoded; charset=utf-8" }, Example, "us-east-1", "iam", new DateTimeOffset(2015, 8, 30, 12, 36, 0, TimeSpan.Zero));
        Assert.Equal(
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
            headers["Authorization"]);
    }

    [Fact]
    public void A_presigned_address_is_the_one_of_AWS_own_example()
    {
        // https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html (GET of test.txt, 24 May 2013).
        var uri = SignatureV4.Presign(new Uri("https://examplebucket.s3.amazonaws.com/test.txt"), new Dictionary<string, string>(), S3Example, "us-east-1", "s3",
            new DateTimeOffset(2013, 5, 24, 0, 0, 0, TimeSpan.Zero), TimeSpan.FromDays(1), "UNSIGNED-PAYLOAD");
        Assert.EndsWith("&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404", uri.AbsoluteUri);
        Assert.Contains("X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host", uri.AbsoluteUri);
    }

    [Fact]
    public void An_EKS_token_is_a_presigned_question_who_we_are_that_names_the_cluster()
    {
        var token = EksCluster.CreateToken(Example with { SessionToken = "a/b+c=" }, "eu-central-1", "amazonaws.com", "dwcp-staging", new DateTimeOffset(2026, 3, 1, 10, 0, 0, TimeSpan.Zero));
        Assert.StartsWith("k8s-aws-v1.", token);
        Assert.DoesNotContain('=', token);
        var text = token["k8s-aws-v1.".Length..].Replace('-', '+').Replace('_', '/');
        var uri = new Uri(Encoding.UTF8.GetString(Convert.FromBase64String(text.PadRight((text.Length + 3) / 4 * 4, '='))));
        Assert.Equal("sts.eu-central-1.amazonaws.com", uri.Host);
        Assert.Contains("Action=GetCallerIdentity", uri.Query);
        Assert.Contains("X-Amz-Expires=60", uri.Query);
        Assert.Contains("X-Amz-SignedHeaders=host%3Bx-k8s-aws-id", uri.Query);
        Assert.DoesNotContain(Example.SecretKey, uri.AbsoluteUri);
        // AWS recomputes it from the header that EKS adds; another cluster's name breaks it.
        Assert.True(SignatureVerifier.IsValid("GET", uri, new Dictionary<string, string> { ["host"] = uri.Host, ["x-k8s-aws-id"] = "dwcp-staging" }, SignatureV4.EmptyPayload, Example.SecretKey));
        Assert.False(SignatureVerifier.IsValid("GET", uri, new Dictionary<string, string> { ["host"] = uri.Host, ["x-k8s-aws-id"] = "another" }, SignatureV4.EmptyPayload, Example.SecretKey));
    }

    [Fact]
    public void Keys_are_not_printed() => Assert.DoesNotContain(Example.SecretKey, $"{Example}");
}
