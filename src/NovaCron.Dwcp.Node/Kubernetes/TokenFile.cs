using System.Net.Http.Headers;
using k8s.Authentication;

namespace NovaCron.Dwcp.Node.Kubernetes;

/// <summary>The service account's token. The kubelet replaces it about every hour, so it is read again when a minute has passed.</summary>
internal sealed class TokenFile(string path, TimeProvider time) : ITokenProvider
{
    private static readonly TimeSpan MaximumAge = TimeSpan.FromMinutes(1);
    private readonly Lock _gate = new();
    private string? _token;
    private long _readAt;

    public Task<AuthenticationHeaderValue> GetAuthenticationHeaderAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_token is null || time.GetElapsedTime(_readAt) > MaximumAge)
            {
                _token = File.ReadAllText(path).Trim();
                _readAt = time.GetTimestamp();
            }

            return Task.FromResult(new AuthenticationHeaderValue("Bearer", _token));
        }
    }
}
