using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using NovaCron.Dwcp.Operations.Cluster;

namespace NovaCron.Dwcp.Aws.Tests;

public sealed class EksClusterTests
{
    private const string Authority = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
    private static readonly AwsSession Session = AwsSession.Open(new AwsKeys(S3Double.AccessKey, S3Double.Secret, "session-token"), "eu-central-1");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static string Answer(string status = "ACTIVE", string? authority = Authority) =>
        $$"""{"cluster":{"name":"dwcp-staging","status":"{{status}}","version":"1.34","endpoint":"https://ABC.gr7.eu-central-1.eks.amazonaws.com","certificateAuthority":{"data":"{{(authority is null ? "?" : Convert.ToBase64String(Encoding.ASCII.GetBytes(authority)))}}"} } }""";

    [Fact]
    public async Task Address_and_trust_come_from_a_signed_DescribeCluster_and_tokens_are_renewed()
    {
        Uri? asked = null;
        var valid = false;
        var clock = new Clock(new DateTimeOffset(2026, 3, 1, 10, 0, 0, TimeSpan.Zero));
        var cluster = await EksCluster.DescribeAsync(Session, "dwcp-staging", new Handler(request =>
        {
            asked = request.RequestUri;
            var headers = request.Headers.NonValidated.ToDictionary(h => h.Key.ToLowerInvariant(), h => h.Value.ToString());
            valid = SignatureVerifier.IsValid("GET", asked!, headers, SignatureV4.EmptyPayload, S3Double.Secret) && headers["x-amz-security-token"] == "session-token";
            return Json(HttpStatusCode.OK, Answer());
        }), clock, Token);
        Assert.Equal("https://eks.eu-central-1.amazonaws.com/clusters/dwcp-staging", asked!.AbsoluteUri);
        Assert.True(valid);
        Assert.Equal(Authority, cluster.CertificateAuthority);
        Assert.Equal("1.34", cluster.Version);

        var options = cluster.Connect();
        Assert.Equal("https://abc.gr7.eu-central-1.eks.amazonaws.com", options.Server);
        Assert.Equal("eks/eu-central-1/dwcp-staging", options.Name);
        var first = await options.TokenSource!(Token);
        clock.Now += TimeSpan.FromMinutes(9);
        Assert.Equal(first, await options.TokenSource!(Token));
        clock.Now += TimeSpan.FromMinutes(2);
        Assert.NotEqual(first, await options.TokenSource!(Token));
    }

    [Fact]
    public async Task The_connection_sends_the_token_and_calls_the_cluster_by_its_name()
    {
        using var key = RSA.Create(2048);
        using var authority = new CertificateRequest("CN=eks", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        var cluster = await EksCluster.DescribeAsync(Session, "dwcp-prod", new Handler(_ => Json(HttpStatusCode.OK, Answer(authority: authority.ExportCertificatePem()))), null, Token);
        using var connection = ClusterConnection.Open(cluster.Connect());
        // A name that says production protects it, wherever the address points.
        Assert.Equal("eks/eu-central-1/dwcp-prod", connection.Context);
    }

    [Theory]
    [InlineData(404, """{"message":"No cluster found for name: dwcp-staging."}""", "No cluster found", "-Region")]
    [InlineData(403, """{"message":"User is not authorized to perform: eks:DescribeCluster"}""", "not authorized", "eks:DescribeCluster")]
    [InlineData(403, """{"message":"Signature expired"}""", "Signature expired", "clock")]
    [InlineData(500, "<html>", "HTTP 500", "Run it again")]
    [InlineData(200, "<html>", "no JSON", "proxy")]
    [InlineData(200, "{}", "unknown status", "ACTIVE")]
    public async Task A_refusal_says_what_to_do(int status, string body, string expected, string remedy)
    {
        var e = await Assert.ThrowsAsync<DwcpAwsException>(() => EksCluster.DescribeAsync(Session, "dwcp-staging", new Handler(_ => Json((HttpStatusCode)status, body)), null, Token));
        Assert.Equal("EKS cluster dwcp-staging in eu-central-1", e.Target);
        Assert.Contains(expected, e.Message);
        Assert.Contains(remedy, e.Remedy);
        Assert.DoesNotContain(S3Double.Secret, e.ToString());
    }

    [Fact]
    public async Task A_cluster_that_is_being_made_and_an_answer_without_a_CA_are_told()
    {
        Task<DwcpAwsException> Refused(string body) => Assert.ThrowsAsync<DwcpAwsException>(() => EksCluster.DescribeAsync(Session, "c", new Handler(_ => Json(HttpStatusCode.OK, body)), null, Token));
        Assert.Contains("is CREATING", (await Refused(Answer("CREATING"))).Message);
        Assert.Contains("no endpoint or certificate authority", (await Refused(Answer(authority: null))).Message);
        Assert.Contains("is no name of a cluster", (await Assert.ThrowsAsync<DwcpAwsException>(() => EksCluster.DescribeAsync(Session, "../x", null, null, Token))).Message);
    }

    private static HttpResponseMessage Json(HttpStatusCode status, string body) => new(status) { Content = new StringContent(body) };

    private sealed class Handler(Func<HttpRequestMessage, HttpResponseMessage> answer) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => Task.FromResult(answer(request));
    }

    private sealed class Clock(DateTimeOffset now) : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = now;

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
