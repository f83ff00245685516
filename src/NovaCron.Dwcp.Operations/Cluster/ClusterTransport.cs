using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using k8s;

namespace NovaCron.Dwcp.Operations.Cluster;

/// <summary>
/// Requests to the API server: authentication, time limits, repeated attempts where repeating is safe, and answers that are
/// failures turned into <see cref="DwcpClusterException"/>.
/// </summary>
internal sealed class ClusterTransport : IDisposable
{
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(200);

    private readonly HttpClient _http;
    private readonly KubernetesClientConfiguration _configuration;
    private readonly ClusterConnectionOptions _options;
    private readonly TimeProvider _time;
    private readonly Uri _base;

    public ClusterTransport(
        KubernetesClientConfiguration configuration, ClusterConnectionOptions options, HttpMessageHandler handler, TimeProvider time)
    {
        _configuration = configuration;
        _options = options;
        _time = time;
        _base = new Uri(configuration.Host.TrimEnd('/') + "/");
        _http = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
        _http.DefaultRequestHeaders.UserAgent.ParseAdd("novacron-dwcp/3.0");
    }

    public string Server => _base.GetLeftPart(UriPartial.Authority);

    /// <summary>Sends, and returns the body of a 2xx answer. Everything else is an exception about <paramref name="target"/>.</summary>
    public async Task<(HttpStatusCode Status, byte[] Body)> SendAsync(ClusterRequest request, string target, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            DwcpClusterException failure;
            TimeSpan? asked = null;
            bool mayRepeat;
            using var limit = new CancellationTokenSource(request.Timeout ?? _options.RequestTimeout, _time);
            using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
            try
            {
                using var message = await CreateMessageAsync(request, linked.Token).ConfigureAwait(false);
                using var response = await _http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, linked.Token).ConfigureAwait(false);
                var body = await response.Content.ReadAsByteArrayAsync(linked.Token).ConfigureAwait(false);
                if (response.IsSuccessStatusCode)
                    return (response.StatusCode, body);
                (failure, asked) = ClusterErrors.FromResponse(target, response, body);
                mayRepeat = failure.Failure == ClusterFailure.Throttled
                    || (asked is not null && response.StatusCode == HttpStatusCode.ServiceUnavailable)
                    || (failure.Failure == ClusterFailure.ServerError && request.Idempotent);
            }
            catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
            {
                failure = ClusterErrors.Timeout(target, Server, request.Timeout ?? _options.RequestTimeout);
                mayRepeat = request.Idempotent && attempt < 2;
            }
            catch (HttpRequestException e)
            {
                failure = ClusterErrors.Unreachable(target, Server, e);
                // Nothing was sent when there was no connection, so even a create may be repeated.
                mayRepeat = e.HttpRequestError == HttpRequestError.ConnectionError
                    || (request.Idempotent && e.HttpRequestError is not (HttpRequestError.SecureConnectionError or HttpRequestError.NameResolutionError));
            }
            catch (IOException e) when (!cancellationToken.IsCancellationRequested)
            {
                failure = ClusterErrors.Unreachable(target, Server, e);
                mayRepeat = request.Idempotent;
            }

            if (!mayRepeat || attempt >= Math.Clamp(request.MaximumAttempts ?? _options.MaximumAttempts, 1, 10))
                throw failure;
            await Task.Delay(DelayBefore(attempt, asked), _time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Sends once and returns the answer, whatever it is, with its body still to be read; for watches, logs and pods behind the proxy.</summary>
    public async Task<HttpResponseMessage> OpenAsync(ClusterRequest request, string target, CancellationToken cancellationToken)
    {
        var limit = request.Timeout ?? _options.RequestTimeout;
        using var headers = new CancellationTokenSource(limit, _time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, headers.Token);
        try
        {
            using var message = await CreateMessageAsync(request, linked.Token).ConfigureAwait(false);
            return await _http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, linked.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (headers.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw ClusterErrors.Timeout(target, Server, limit);
        }
        catch (HttpRequestException e)
        {
            throw ClusterErrors.Unreachable(target, Server, e);
        }
    }

    private TimeSpan DelayBefore(int attempt, TimeSpan? asked)
    {
        var delay = asked ?? (FirstDelay * Math.Pow(2, attempt - 1) * (0.75 + (Random.Shared.NextDouble() / 2)));
        return delay < _options.MaximumRetryDelay ? delay : _options.MaximumRetryDelay;
    }

    private async Task<HttpRequestMessage> CreateMessageAsync(ClusterRequest request, CancellationToken cancellationToken)
    {
        var message = new HttpRequestMessage(request.Method, new Uri(_base, request.Path));
        message.Headers.Accept.ParseAdd(request.Accept);
        foreach (var (name, value) in request.Headers)
            message.Headers.TryAddWithoutValidation(name, value);
        if (request.Body is not null)
        {
            message.Content = new ByteArrayContent(request.Body);
            message.Content.Headers.ContentType = new MediaTypeHeaderValue(request.ContentType);
        }

        if (_configuration.TokenProvider is { } provider)
            message.Headers.Authorization = await provider.GetAuthenticationHeaderAsync(cancellationToken).ConfigureAwait(false);
        else if (!string.IsNullOrEmpty(_configuration.AccessToken))
            message.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _configuration.AccessToken);
        else if (!string.IsNullOrEmpty(_configuration.Username))
        {
            var basic = Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes($"{_configuration.Username}:{_configuration.Password}"));
            message.Headers.Authorization = new AuthenticationHeaderValue("Basic", basic);
        }

        return message;
    }

    /// <summary>A body that must be a JSON object.</summary>
    public static JsonObject ParseObject(byte[] body, string target)
    {
        try
        {
            if (JsonNode.Parse(body) is JsonObject document)
                return document;
        }
        catch (JsonException)
        {
            // Reported below with the target; the parser's position in someone else's bytes helps nobody.
        }

        throw NoObject(target);
    }

    /// <summary>
    /// A body that must be an object of a type, read without a document between: that would take several times the bytes of a thousand pods.
    /// </summary>
    public static T ParseTyped<T>(byte[] body, string target)
    {
        try
        {
            using var stream = new MemoryStream(body);
            if (KubernetesJson.Deserialize<T>(stream) is { } item)
                return item;
        }
        catch (JsonException)
        {
            // As above.
        }

        throw NoObject(target);
    }

    public void Dispose() => _http.Dispose();

    private static DwcpClusterException NoObject(string target) => new(ClusterFailure.ServerError, target, "the answer is no JSON object of its kind",
        "Check that the server address is a Kubernetes API server and not a proxy's login page.");
}
