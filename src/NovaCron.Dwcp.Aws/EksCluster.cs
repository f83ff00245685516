using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using NovaCron.Dwcp.Operations.Cluster;

namespace NovaCron.Dwcp.Aws;

/// <summary>
/// An EKS cluster: where its API is, whom to trust, and tokens for it, made in this process (no aws CLI, no exec plugin). A token is a presigned
/// <c>sts:GetCallerIdentity</c> that EKS has AWS answer; nobody else can use it for anything but to learn who we are. Source:
/// https://github.com/kubernetes-sigs/aws-iam-authenticator#api-authorization-from-outside-a-cluster.
/// </summary>
public sealed partial class EksCluster
{
    private const string TokenPrefix = "k8s-aws-v1.";
    private const string ClusterHeader = "x-k8s-aws-id";

    /// <summary>EKS accepts a token for a quarter of an hour.</summary>
    private static readonly TimeSpan TokenLifetime = TimeSpan.FromMinutes(10);

    private static readonly TimeSpan PresignedLifetime = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(20);

    private readonly AwsSession _session;
    private readonly TimeProvider _time;
    private readonly SemaphoreSlim _lock = new(1, 1);
    private string? _token;
    private DateTimeOffset _tokenUntil;

    private EksCluster(AwsSession session, TimeProvider time, string name, Uri endpoint, string certificateAuthority, string version)
    {
        _session = session;
        _time = time;
        Name = name;
        Endpoint = endpoint;
        CertificateAuthority = certificateAuthority;
        Version = version;
    }

    public string Name { get; }

    /// <summary>Address of the API server.</summary>
    public Uri Endpoint { get; }

    /// <summary>Its CA, PEM.</summary>
    public string CertificateAuthority { get; }

    /// <summary>Kubernetes version, for example <c>1.34</c>.</summary>
    public string Version { get; }

    /// <summary>Asks AWS where the cluster is (eks:DescribeCluster).</summary>
    /// <param name="session">Credentials and region.</param>
    /// <param name="name">The cluster's name.</param>
    /// <param name="handler">Transport, for tests.</param>
    /// <param name="time">Clock.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <exception cref="DwcpAwsException">There is no such cluster, it is not active, or it may not be described.</exception>
    public static async Task<EksCluster> DescribeAsync(
        AwsSession session, string name, HttpMessageHandler? handler = null, TimeProvider? time = null, CancellationToken cancellationToken = default)
    {
        time ??= TimeProvider.System;
        var target = $"EKS cluster {name} in {session.Region}";
        if (!ClusterName().IsMatch(name))
            throw new DwcpAwsException(target, "is no name of a cluster", "Give letters, digits, hyphens and underscores, at most 100.");
        var uri = new Uri($"https://eks.{session.Region}.{Domain(session)}/clusters/{name}");
        var body = await GetAsync(session, uri, "eks", target, handler, time, cancellationToken).ConfigureAwait(false);
        var cluster = body["cluster"] as JsonObject;
        var status = cluster?["status"]?.ToString();
        if (status is not ("ACTIVE" or "UPDATING"))
            throw new DwcpAwsException(target, $"is {status ?? "of unknown status"}", "Wait until it is ACTIVE (aws eks wait cluster-active), or repair it.");
        var authority = new byte[4 * 4096];
        return Uri.TryCreate(cluster!["endpoint"]?.ToString(), UriKind.Absolute, out var endpoint)
            && Convert.TryFromBase64String(cluster["certificateAuthority"]?["data"]?.ToString() ?? "", authority, out var length) && length > 0
            ? new EksCluster(session, time, name, endpoint, Encoding.ASCII.GetString(authority, 0, length), cluster["version"]?.ToString() ?? "")
            : throw new DwcpAwsException(target, "the answer has no endpoint or certificate authority", "Give -Server, -Token and -CertificateAuthority instead.");
    }

    /// <summary>How to connect to it. Tokens are renewed before they expire.</summary>
    public ClusterConnectionOptions Connect(ClusterConnectionOptions? options = null) => (options ?? new ClusterConnectionOptions()) with
    {
        Server = Endpoint.ToString().TrimEnd('/'),
        CertificateAuthority = CertificateAuthority,
        Name = $"eks/{_session.Region}/{Name}",
        TokenSource = TokenAsync,
    };

    /// <summary>A bearer token for the cluster's API.</summary>
    public async Task<string> TokenAsync(CancellationToken cancellationToken)
    {
        await _lock.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var now = _time.GetUtcNow();
            if (_token is null || now >= _tokenUntil)
            {
                _token = CreateToken(await _session.KeysAsync().ConfigureAwait(false), _session.Region, Domain(_session), Name, now);
                _tokenUntil = now + TokenLifetime;
            }

            return _token;
        }
        finally
        {
            _lock.Release();
        }
    }

    internal static string CreateToken(AwsKeys keys, string region, string domain, string cluster, DateTimeOffset now)
    {
        var uri = new Uri($"https://sts.{region}.{domain}/?Action=GetCallerIdentity&Version=2011-06-15");
        var presigned = SignatureV4.Presign(uri, new Dictionary<string, string> { [ClusterHeader] = cluster }, keys, region, "sts", now, PresignedLifetime);
        return TokenPrefix + Convert.ToBase64String(Encoding.UTF8.GetBytes(presigned.AbsoluteUri)).TrimEnd('=').Replace('+', '-').Replace('/', '_');
    }

    private static string Domain(AwsSession session) => session.Endpoint.PartitionDnsSuffix;

    private static async Task<JsonObject> GetAsync(
        AwsSession session, Uri uri, string service, string target, HttpMessageHandler? handler, TimeProvider time, CancellationToken cancellationToken)
    {
        var keys = await session.KeysAsync().ConfigureAwait(false);
        using var http = new HttpClient(handler ?? new SocketsHttpHandler(), disposeHandler: handler is null) { Timeout = RequestTimeout };
        using var request = new HttpRequestMessage(HttpMethod.Get, uri);
        foreach (var (name, value) in SignatureV4.SignHeaders(uri, new Dictionary<string, string>(), keys, session.Region, service, time.GetUtcNow()))
            request.Headers.TryAddWithoutValidation(name, value);
        try
        {
            using var response = await http.SendAsync(request, cancellationToken).ConfigureAwait(false);
            var text = await response.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false);
            var body = Parse(text);
            if (!response.IsSuccessStatusCode)
                throw Refused(target, (int)response.StatusCode, body?["message"]?.ToString() ?? body?["Message"]?.ToString() ?? $"HTTP {(int)response.StatusCode}", session);
            return body ?? throw new DwcpAwsException(target, "the answer is no JSON object", "Check that no proxy answers in the place of AWS.");
        }
        catch (HttpRequestException e)
        {
            throw new DwcpAwsException(target, $"{uri.Host} cannot be reached: {(e.InnerException ?? e).Message}", "Check the region and the network.", e);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new DwcpAwsException(target, $"{uri.Host} did not answer within {RequestTimeout.TotalSeconds} s", "Check the network, or give -Server, -Token and -CertificateAuthority instead.", e);
        }
    }

    private static DwcpAwsException Refused(string target, int status, string message, AwsSession session) => new(target, message, status switch
    {
        404 => "Check its name, the region (-Region) and the account.",
        403 => $"Ask for the permission eks:DescribeCluster, check that the clock is right and that the credentials ({session.Source}) are of the right account.",
        401 => $"The credentials ({session.Source}) are wrong or expired: log in again.",
        429 => "AWS throttles: wait a minute and run it again.",
        _ => "Run it again; if it lasts, look at the AWS status page.",
    });

    private static JsonObject? Parse(string text)
    {
        try
        {
            return JsonNode.Parse(text) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    [GeneratedRegex("^[0-9A-Za-z][0-9A-Za-z_-]{0,99}$")]
    private static partial Regex ClusterName();
}
