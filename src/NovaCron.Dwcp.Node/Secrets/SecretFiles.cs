using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using NovaCron.Dwcp.Node.Health;
using NovaCron.Dwcp.Transport.Sessions;

namespace NovaCron.Dwcp.Node.Secrets;

/// <summary>
/// The current secrets. Follows the files, so that a rotated certificate or key takes effect without a restart; a reading that fails is refused
/// and the last good one stays. Polls instead of waiting for file events: the kubelet swaps symbolic links, and some volumes have no events.
/// </summary>
public sealed class SecretFiles : IPrincipalDirectory
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(2);

    /// <summary>Principal of the nodes' own benchmark and probe sessions, with themselves and with each other.</summary>
    public const string DiagnosticsPrincipal = "dwcp.diagnostics";

    private readonly string _directory;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private volatile NodeSecrets _current;
    private long _failures;
    private string? _lastFailure;

    /// <param name="directory">Where the Secret is mounted.</param>
    /// <param name="time">Clock of the polling.</param>
    /// <param name="log">Where changes and refusals are told, without content.</param>
    /// <exception cref="DwcpNodeException">The first reading failed.</exception>
    public SecretFiles(string directory, TimeProvider time, ILogger log)
    {
        _directory = directory;
        _time = time;
        _log = log;
        _current = NodeSecrets.Load(directory);
    }

    /// <summary>Raised after a changed reading was taken.</summary>
    public event Action<NodeSecrets>? Changed;

    /// <summary>The last good reading.</summary>
    public NodeSecrets Current => _current;

    /// <summary>Readings that were refused.</summary>
    public long Failures => Interlocked.Read(ref _failures);

    /// <summary>Key of <see cref="DiagnosticsPrincipal"/>; goes to nobody but this node and its siblings.</summary>
    internal string OwnApiKey => _current.OwnApiKey;

    /// <inheritdoc/>
    public string? FindByApiKey(string apiKey)
    {
        var current = _current;
        var own = CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(apiKey)), SHA256.HashData(Encoding.UTF8.GetBytes(current.OwnApiKey)));
        var found = current.Principals.FindByApiKey(apiKey);
        return own ? DiagnosticsPrincipal : found == DiagnosticsPrincipal ? null : found;
    }

    /// <inheritdoc/>
    public string? FindByCertificate(X509Certificate2 certificate) =>
        _current.Principals.FindByCertificate(certificate) is { } name && name != DiagnosticsPrincipal ? name : null;

    /// <summary>Follows the files until cancelled.</summary>
    public async Task RunAsync(Heartbeat heartbeat, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Period, _time);
        while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false))
        {
            heartbeat.Beat();
            Reload();
        }
    }

    /// <summary>Reads the files now; true when something changed.</summary>
    internal bool Reload()
    {
        NodeSecrets next;
        try
        {
            next = NodeSecrets.Load(_directory);
        }
        catch (DwcpNodeException error)
        {
            // One message for one cause, however many polls see it.
            if (_lastFailure == error.Message) return false;
            _lastFailure = error.Message;
            Interlocked.Increment(ref _failures);
            _log.LogError("The changed secrets are refused and the last good ones stay in use: {Reason}", error.Message);
            return false;
        }

        _lastFailure = null;
        if (next.Fingerprint == _current.Fingerprint) return false;
        _current = next;
        _log.LogInformation("Secrets changed on disk and are in use now; {Principals} principals, certificate valid until {NotAfter:o}.",
            next.Principals.Principals.Count, next.Certificate.NotAfter.ToUniversalTime());
        Changed?.Invoke(next);
        return true;
    }
}
