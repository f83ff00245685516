using System.Net;
using System.Security.Cryptography;
using System.Text;

namespace NovaCron.Dwcp.Aws.Tests;

/// <summary>An S3 that stores what is put, if the signature over header and body is right, and records every request.</summary>
internal sealed class S3Double : IDisposable
{
    public const string AccessKey = "AKIDEXAMPLE";
    public const string Secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
    private readonly HttpListener _listener = new();
    private volatile bool _closed;
    private readonly Task _serving;

    public S3Double()
    {
        // HttpListener chooses no port by itself: try until one is free.
        for (var attempt = 0; ; attempt++)
        {
            using var probe = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
            probe.Start();
            Address = new Uri($"http://127.0.0.1:{((IPEndPoint)probe.LocalEndpoint).Port}/");
            probe.Stop();
            try
            {
                _listener.Prefixes.Clear();
                _listener.Prefixes.Add(Address.ToString());
                _listener.Start();
                break;
            }
            catch (HttpListenerException) when (attempt < 20)
            {
                // Somebody else was faster.
            }
        }

        _serving = Task.Run(ServeAsync);
    }

    public Uri Address { get; }

    public Dictionary<string, byte[]> Objects { get; } = [];

    public List<string> Requests { get; } = [];

    public Dictionary<string, string> ContentTypes { get; } = [];

    /// <summary>How many requests are still answered with 503 before one is let in.</summary>
    public int Failures { get; set; }

    private async Task ServeAsync()
    {
        while (true)
        {
            HttpListenerContext context;
            try
            {
                context = await _listener.GetContextAsync();
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                return;
            }

            try
            {
                Respond(context);
            }
            catch (Exception) when (_closed)
            {
                // Closed beneath the answer's end, which the client no longer waits for.
                return;
            }
        }
    }

    private void Respond(HttpListenerContext context)
    {
        var (status, code) = Answer(context.Request);
        context.Response.StatusCode = status;
        if (status == 200)
        {
            context.Response.AddHeader("ETag", "\"e1\"");
            context.Response.AddHeader("x-amz-version-id", "v1");
            context.Response.Close();
        }
        else
        {
            context.Response.ContentType = "application/xml";
            context.Response.Close(Encoding.UTF8.GetBytes($"<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>{code} it is</Message></Error>"), willBlock: false);
        }
    }

    private (int Status, string Code) Answer(HttpListenerRequest request)
    {
        using var body = new MemoryStream();
        request.InputStream.CopyTo(body);
        var headers = request.Headers.AllKeys.ToDictionary(k => k!.ToLowerInvariant(), k => request.Headers[k]!);
        Requests.Add($"{request.HttpMethod} {request.Url!.AbsolutePath}");
        if (Failures-- > 0)
            return (503, "SlowDown");
        if (!headers.TryGetValue("authorization", out var authorization) || !authorization.Contains($"Credential={AccessKey}/", StringComparison.Ordinal))
            return (403, "InvalidAccessKeyId");
        var hash = headers["x-amz-content-sha256"];
        if (!SignatureVerifier.IsValid(request.HttpMethod, request.Url, headers, hash, Secret))
            return (403, "SignatureDoesNotMatch");
        if (hash != Convert.ToHexString(SHA256.HashData(body.ToArray())).ToLowerInvariant())
            return (400, "XAmzContentSHA256Mismatch");
        if (!request.Url.AbsolutePath.StartsWith("/artifacts/", StringComparison.Ordinal))
            return (404, "NoSuchBucket");
        Objects[Uri.UnescapeDataString(request.Url.AbsolutePath["/artifacts/".Length..])] = body.ToArray();
        ContentTypes[Uri.UnescapeDataString(request.Url.AbsolutePath["/artifacts/".Length..])] = headers.GetValueOrDefault("content-type") ?? "";
        return (200, "");
    }

    public void Dispose()
    {
        _closed = true;
        _listener.Close();
        _serving.GetAwaiter().GetResult();
    }
}
