using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace NovaCron.Dwcp.Operations.Notifications;

/// <summary>Posts JSON and says what the answer means. Addresses may be secrets, so problems name the host only.</summary>
internal sealed class HttpDelivery(HttpClient client)
{
    /// <summary>How long one attempt may take.</summary>
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    public async Task<DeliveryResult> PostAsync(Uri address, JsonObject body, Action<HttpRequestHeaders, byte[]>? headers, CancellationToken cancellationToken)
    {
        if (address.Scheme != Uri.UriSchemeHttps && !address.IsLoopback) return new DeliveryResult(false, true, null, $"{address.Host} is not asked: its address is not https");
        var bytes = Encoding.UTF8.GetBytes(body.ToJsonString());
        using var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = new ByteArrayContent(bytes) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        headers?.Invoke(request.Headers, bytes);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Timeout);
        try
        {
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token).ConfigureAwait(false);
            if (response.IsSuccessStatusCode) return DeliveryResult.Done;
            var problem = $"{address.Host} answered {(int)response.StatusCode}";
            // A wrong key is mended by exchanging the Secret, and then the message should still arrive.
            var passes = response.StatusCode is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden or HttpStatusCode.NotFound
                || (int)response.StatusCode >= 500;
            return new DeliveryResult(false, !passes, response.Headers.RetryAfter?.Delta, problem);
        }
        catch (HttpRequestException e)
        {
            return new DeliveryResult(false, false, null, $"{address.Host}: {e.HttpRequestError}");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new DeliveryResult(false, false, null, $"{address.Host} did not answer within {Timeout.TotalSeconds:0} s");
        }
    }
}
