using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using NovaCron.Dwcp.Operations.Rollout;

namespace NovaCron.Dwcp.Operations.Notifications;

/// <summary>
/// Any receiver of JSON: the <see cref="Notification"/> itself. <c>Idempotency-Key</c> is its id; with a secret, <c>X-Dwcp-Signature</c> is
/// <c>sha256=</c> and the HMAC-SHA256 of the body in hexadecimal digits.
/// </summary>
/// <param name="client">The HTTP client; not disposed here.</param>
/// <param name="address">Where to post.</param>
/// <param name="secret">Key of the signature; null: no signature.</param>
public sealed class WebhookChannel(HttpClient client, Uri address, string? secret) : INotificationChannel
{
    private readonly HttpDelivery _delivery = new(client);

    public string Name => "webhook";

    public Task<DeliveryResult> SendAsync(Notification notification, CancellationToken cancellationToken) =>
        _delivery.PostAsync(address, JsonSerializer.SerializeToNode(notification, RolloutJson.Options)!.AsObject(), (headers, body) =>
        {
            headers.TryAddWithoutValidation("Idempotency-Key", notification.Id);
            if (secret is not null)
                headers.TryAddWithoutValidation("X-Dwcp-Signature", "sha256=" + Convert.ToHexString(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), body)).ToLowerInvariant());
        }, cancellationToken);
}
