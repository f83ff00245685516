using System.Globalization;
using System.Management.Automation;
using System.Net;
using System.Security;
using System.Security.Cryptography.X509Certificates;
using NovaCron.Dwcp.Codec;
using NovaCron.Dwcp.PowerShell.Transfers;
using NovaCron.Dwcp.Transport.Transfers;
using NovaCron.Dwcp.V1;

namespace NovaCron.Dwcp.PowerShell.Cmdlets;

/// <summary>Sends files and directories to a node, or receives an object from one: resumable, deduplicated, verified by hash on both sides.</summary>
/// <example>
/// <para>Sends a directory with the cluster's credential.</para>
/// <code>Get-DwcpCredential -Namespace staging | Start-DwcpTransfer -Path ./backups -Destination nightly/backups</code>
/// </example>
/// <example>
/// <para>Receives it back.</para>
/// <code>Get-DwcpCredential -Namespace staging | Start-DwcpTransfer -Receive -Source nightly/backups -Path ./restored</code>
/// </example>
/// <example>
/// <para>Sends without access to the cluster: address, key and authority are given.</para>
/// <code>Start-DwcpTransfer ./disk.img dwcp://dwcp.example.com:7420/vm/disk.img -ApiKey (Read-Host -AsSecureString) -NodeAuthority ./ca.crt</code>
/// </example>
[Cmdlet(VerbsLifecycle.Start, "DwcpTransfer", DefaultParameterSetName = SendSet, SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Low)]
[OutputType(typeof(DwcpTransfer))]
public sealed class StartDwcpTransferCommand : DwcpCmdlet
{
    private const string SendSet = "Send";
    private const string ReceiveSet = "Receive";

    private readonly List<string> _paths = [];

    /// <summary>Files and directories to send (wildcards allowed), or the file or directory to write when receiving.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [Alias("FullName", "PSPath")]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = [];

    /// <summary>Where to send to: dwcp://host:port/path, or only the path when DataAddress is given.</summary>
    [Parameter(Mandatory = true, Position = 1, ParameterSetName = SendSet)]
    [ValidateNotNullOrEmpty]
    public string Destination { get; set; } = "";

    /// <summary>Receives instead of sending.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ReceiveSet)]
    public SwitchParameter Receive { get; set; }

    /// <summary>What to receive: dwcp://host:port/path, or only the path when DataAddress is given.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ReceiveSet)]
    [ValidateNotNullOrEmpty]
    public string Source { get; set; } = "";

    /// <summary>host:port of the node, as Get-DwcpCredential gives it.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public string? DataAddress { get; set; }

    /// <summary>The API key, as Get-DwcpCredential gives it.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public SecureString? ApiKey { get; set; }

    /// <summary>A client certificate with its private key, instead of an API key.</summary>
    [Parameter]
    public X509Certificate2? Certificate { get; set; }

    /// <summary>The authority that the node's certificate must chain to: PEM text, or the path of a PEM file; the system's by default.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("CertificateAuthority")]
    [ValidateNotNullOrEmpty]
    public string? NodeAuthority { get; set; }

    /// <summary>SHA-256 of the node's certificate, hexadecimal: trusts exactly that one.</summary>
    [Parameter]
    [ValidatePattern("^[0-9A-Fa-f]{64}$")]
    public string? Pin { get; set; }

    /// <summary>Name that the node's certificate must carry.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public string ServerName { get; set; } = "dwcp-v3";

    /// <summary>Who is transferring, 1 to 256 characters; decides the side of the traffic split. By default user and machine.</summary>
    [Parameter]
    [ValidateLength(1, 256)]
    public string ClientId { get; set; } = $"{Environment.UserName}@{Environment.MachineName}";

    /// <summary>How hard to compress.</summary>
    [Parameter]
    public DwcpLevel Level { get; set; } = DwcpLevel.Balanced;

    /// <summary>Protocol versions to offer.</summary>
    [Parameter]
    [ValidateSet("1", "3")]
    public int[] Version { get; set; } = [1, 3];

    /// <summary>Most bytes per second; as fast as it goes by default.</summary>
    [Parameter]
    [ValidateRange(1, long.MaxValue)]
    public long? MaxRate { get; set; }

    /// <summary>Sends everything again, whatever the node has already.</summary>
    [Parameter]
    public SwitchParameter NoResume { get; set; }

    /// <summary>Gives up when nothing moved for so long, retries included.</summary>
    [Parameter]
    public TimeSpan GiveUpAfter { get; set; } = TimeSpan.FromMinutes(2);

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (Receive)
            _paths.AddRange(Path.Select(ResolvePath));
        else
            foreach (var path in Path)
                _paths.AddRange(Expand(path));
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        var direction = Receive ? "Receive" : "Send";
        if (Receive && _paths.Count != 1)
            ThrowTerminatingError(new ErrorRecord(new ArgumentException("Receiving needs exactly one path."), "Dwcp.Transfer.InvalidRequest", ErrorCategory.InvalidArgument, _paths));
        if (_paths.Count == 0)
            return;
        var remote = Remote(Receive ? Source : Destination);
        if (!ShouldProcess(Receive ? $"{remote} to {_paths[0]}" : $"{string.Join(", ", _paths)} to {remote}", direction))
            return;
        var activity = $"{direction} {remote}";
        var progress = OnPipeline<TransferProgress>(update => Show(activity, update));
        var result = Await(remote, async cancellationToken =>
        {
            var client = new TransferClient([new V1ClientProtocol(), new V3ClientProtocol()]);
            await using var _ = client.ConfigureAwait(false);
            var request = Request(remote);
            return Receive
                ? await client.ReceiveAsync(request, TransferSink.ToPath(_paths[0]), progress, cancellationToken).ConfigureAwait(false)
                : await client.SendAsync(request, TransferSource.FromPaths(_paths), progress, cancellationToken).ConfigureAwait(false);
        });
        WriteProgress(new ProgressRecord(0, activity, "Done") { RecordType = ProgressRecordType.Completed });
        foreach (var reason in result.Reasons)
            WriteVerbose(reason);
        WriteObject(new DwcpTransfer(direction, remote, _paths, result));
    }

    private TransferRequest Request(Uri remote) => new()
    {
        Remote = remote,
        ClientId = ClientId,
        ApiKey = ApiKey is null ? null : new NetworkCredential("", ApiKey).Password,
        ClientCertificate = Certificate,
        TrustedCertificates = NodeAuthority is null ? null : TransferTrust.FromPem(
            NodeAuthority.Contains("-----BEGIN", StringComparison.Ordinal) ? NodeAuthority : File.ReadAllText(ResolvePath(NodeAuthority))),
        Pin = Pin,
        ServerName = ServerName,
        Level = Level,
        Versions = Version,
        MaxRate = MaxRate,
        Resume = !NoResume,
        GiveUpAfter = GiveUpAfter,
        AttemptFailed = attempt => Post(() => WriteVerbose($"Attempt {attempt.Number} failed and is made again: {attempt.Failure.Message}")),
    };

    private Uri Remote(string text)
    {
        var full = text.Contains("://", StringComparison.Ordinal) ? text : DataAddress is null ? null : $"dwcp://{DataAddress}/{text.TrimStart('/')}";
        if (full is not null && Uri.TryCreate(full, UriKind.Absolute, out var uri) && uri.Scheme == "dwcp" && uri.Host.Length > 0 && uri.AbsolutePath.Length > 1)
            return uri;
        ThrowTerminatingError(new ErrorRecord(
            new ArgumentException($"'{text}' is not dwcp://host:port/path, nor a path beside a DataAddress."), "Dwcp.Transfer.InvalidRequest", ErrorCategory.InvalidArgument, text)
        {
            ErrorDetails = new ErrorDetails($"'{text}' is not dwcp://host:port/path, nor a path beside a DataAddress.")
            {
                RecommendedAction = "Write the address as dwcp://host:7420/path, or pipe Get-DwcpCredential in and give the path.",
            },
        });
        throw new InvalidOperationException();
    }

    private IEnumerable<string> Expand(string path)
    {
        try
        {
            return GetResolvedProviderPathFromPSPath(path, out _);
        }
        catch (ItemNotFoundException error)
        {
            ThrowTerminatingError(new ErrorRecord(error, "Dwcp.PathNotFound", ErrorCategory.ObjectNotFound, path));
            throw;
        }
    }

    private void Show(string activity, TransferProgress update)
    {
        var total = update.TotalBytes;
        WriteProgress(new ProgressRecord(0, activity, string.Create(CultureInfo.InvariantCulture,
            $"{update.UserBytes / 1048576.0:0.0}{(total is { } all ? $" of {all / 1048576.0:0.0}" : "")} MiB, {update.BytesPerSecond / 1048576.0:0.0} MiB/s, {update.PercentSaved:0} % saved"))
        {
            PercentComplete = total is > 0 ? (int)Math.Clamp(100 * update.UserBytes / total.Value, 0, 100) : -1,
            SecondsRemaining = update.Remaining is { } left ? (int)Math.Min(int.MaxValue, left.TotalSeconds) : -1,
        });
    }
}
