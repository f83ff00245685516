using System.Globalization;
using System.Management.Automation;
using NovaCron.Dwcp.Codec;
using NovaCron.Dwcp.PowerShell.Transfers;
using NovaCron.Dwcp.Transport;
using NovaCron.Dwcp.Transport.Congestion;
using NovaCron.Dwcp.Transport.Datacenter;
using NovaCron.Dwcp.Transport.Transfers;

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
/// <para>Brings a disk up to date that was received yesterday: only what changed travels.</para>
/// <code>Get-DwcpCredential -Namespace staging | Start-DwcpTransfer -Receive -Source vm/disk.img -Path ./disk.img -Delta</code>
/// </example>
/// <example>
/// <para>Sends the logs of a directory in the background.</para>
/// <code>Get-DwcpCredential -Namespace staging | Start-DwcpTransfer -Path /var/log -Destination logs -Include *.log -Exclude private -NoWait</code>
/// </example>
/// <example>
/// <para>Sends without access to the cluster: address, key and authority are given.</para>
/// <code>Start-DwcpTransfer ./disk.img dwcp://dwcp.example.com:7420/vm/disk.img -ApiKey (Read-Host -AsSecureString) -NodeAuthority ./ca.crt</code>
/// </example>
/// <example>
/// <para>Sends a disk by RDMA or not at all.</para>
/// <code>Start-DwcpTransfer ./disk.img dwcp://10.1.0.5:7420/vm/disk -Certificate (Get-PfxCertificate ./backup-7.pfx) -NodeAuthority ./ca.crt -RequireRdma</code>
/// </example>
[Cmdlet(VerbsLifecycle.Start, "DwcpTransfer", DefaultParameterSetName = SendSet, SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Low)]
[OutputType(typeof(DwcpTransfer), typeof(DwcpTransferStatus))]
public sealed class StartDwcpTransferCommand : TransferCmdlet
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

    /// <summary>How hard to compress; Adaptive finds what is fastest end to end on this path with this data.</summary>
    [Parameter]
    public DwcpLevel Level { get; set; } = DwcpLevel.Adaptive;

    /// <summary>Protocol versions to offer.</summary>
    [Parameter]
    [ValidateSet("1", "3")]
    public int[] Version { get; set; } = [1, 3];

    /// <summary>Most bytes per second; as fast as it goes by default.</summary>
    [Parameter]
    [ValidateRange(1, long.MaxValue)]
    public long? MaxRate { get; set; }

    /// <summary>Refuses anything less than RDMA verbs on the bulk path of a datacentre, and says what is missing: device, port, GID, permission, locked memory, policy. For one file.</summary>
    [Parameter]
    public SwitchParameter RequireRdma { get; set; }

    /// <summary>Bulk takes a fair share of the path; Background yields to everything else on it, where UDP carries the transfer.</summary>
    [Parameter]
    public AcpProfile Profile { get; set; } = AcpProfile.Bulk;

    /// <summary>Only files whose name matches one of these wildcards; a pattern with a / is matched against the path below what is sent.</summary>
    [Parameter(ParameterSetName = SendSet)]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[]? Include { get; set; }

    /// <summary>No files or directories whose name matches one of these wildcards; a pattern with a / is matched against the path below what is sent.</summary>
    [Parameter(ParameterSetName = SendSet)]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[]? Exclude { get; set; }

    /// <summary>Goes on where an earlier transfer ended, and sends nothing that the receiver has; on by default. -Resume:$false sends everything again.</summary>
    [Parameter]
    public SwitchParameter Resume { get; set; } = true;

    /// <summary>Sends everything again, whatever the node has already; the same as -Resume:$false.</summary>
    [Parameter]
    public SwitchParameter NoResume { get; set; }

    /// <summary>
    /// Reads what stands at the path first and takes from it what the object shares with it, such as yesterday's version of a disk: only what changed travels. Sending needs
    /// no such switch: what the node has in its store never travels, and what resembles it travels as its difference.
    /// </summary>
    [Parameter(ParameterSetName = ReceiveSet)]
    public SwitchParameter Delta { get; set; }

    /// <summary>Reads the local side again afterwards and asks the node what it lists: catches files that were written to while they were sent.</summary>
    [Parameter]
    public SwitchParameter Verify { get; set; }

    /// <summary>Starts it in the background and returns at once with what Get-DwcpTransfer shows; Stop-DwcpTransfer ends it.</summary>
    [Parameter]
    public SwitchParameter NoWait { get; set; }

    /// <summary>Writes also the files and directories that were sent or received, for the next command of the pipeline.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

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
        var remote = RemoteOf(Receive ? Source : Destination);
        if (!ShouldProcess(Receive ? $"{remote} to {_paths[0]}" : $"{string.Join(", ", _paths)} to {remote}", direction))
            return;
        // What cannot be read of it is an error record like any other.
        var request = Await(remote, _ => Task.FromResult(RequestTo(remote))) with
        {
            Level = Level,
            Versions = Version,
            MaxRate = MaxRate,
            Profile = Profile,
            Resume = Resume && !NoResume,
            GiveUpAfter = GiveUpAfter,
            Datacenter = RequireRdma ? new DatacenterRequest { RequireRdma = true } : null,
            AttemptFailed = attempt => Post(() => WriteVerbose($"Attempt {attempt.Number} failed and is made again: {attempt.Failure.Message}")),
        };
        var status = TransferRegister.Add(direction, remote, [.. _paths]);
        if (NoWait)
        {
            // Its own threads carry it; how it ended is in the status, where Get-DwcpTransfer finds it.
            _ = status.RunAsync(cancellationToken => Task.Run(() => TransferAsync(request, status, null, cancellationToken), CancellationToken.None), CancellationToken.None);
            WriteObject(status);
            return;
        }

        var activity = $"{direction} {remote}";
        var progress = OnPipeline<TransferProgress>(update => Show(activity, update));
        var transfer = Await(remote, cancellationToken => RunAsync(request, status, progress, cancellationToken));
        WriteProgress(new ProgressRecord(0, activity, "Done") { RecordType = ProgressRecordType.Completed });
        foreach (var reason in transfer.Result.Reasons)
            WriteVerbose(reason);
        WriteObject(transfer);
        if (!PassThru)
            return;
        foreach (var path in _paths)
            WriteObject(Directory.Exists(path) ? new DirectoryInfo(path) : new FileInfo(path));
    }

    private async Task<DwcpTransfer> RunAsync(TransferRequest request, DwcpTransferStatus status, IProgress<TransferProgress> progress, CancellationToken cancellationToken)
    {
        try
        {
            return await status.RunAsync(cancel => TransferAsync(request, status, progress, cancel), cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new DwcpTransferException(DwcpErrorCode.ConnectionFailed, DwcpFault.Client, "The transfer was ended by Stop-DwcpTransfer. What the receiver has is kept: start it again to go on.", e);
        }
    }

    private async Task<DwcpTransfer> TransferAsync(TransferRequest request, DwcpTransferStatus status, IProgress<TransferProgress>? progress, CancellationToken cancellationToken)
    {
        var client = new TransferClient(ClientProtocols.All);
        await using var _ = client.ConfigureAwait(false);
        var both = new InlineProgress(update =>
        {
            status.Report(update);
            progress?.Report(update);
        });
        var local = TransferSource.FromPaths(_paths, Receive ? null : Filter());
        var result = Receive
            ? await client.ReceiveAsync(request, TransferSink.ToPath(_paths[0], Delta), both, cancellationToken).ConfigureAwait(false)
            : await client.SendAsync(request, local, both, cancellationToken).ConfigureAwait(false);
        if (Verify) await client.VerifyAsync(request, result, local, cancellationToken).ConfigureAwait(false);
        return new DwcpTransfer(status.Direction, request.Remote, status.Local, result);
    }

    // What of a directory is sent: everything that Exclude does not name and, of files, that Include does.
    private Func<string, bool, bool>? Filter()
    {
        if (Include is null && Exclude is null)
            return null;
        var include = Patterns(Include);
        var exclude = Patterns(Exclude);
        return (path, isDirectory) => !Matches(exclude, path) && (isDirectory || Include is null || Matches(include, path));
    }

    private static List<(WildcardPattern Pattern, bool OfPath)> Patterns(string[]? texts) =>
        [.. (texts ?? []).Select(text => (WildcardPattern.Get(text, WildcardOptions.IgnoreCase), text.Contains('/')))];

    private static bool Matches(List<(WildcardPattern Pattern, bool OfPath)> patterns, string path) =>
        patterns.Exists(p => p.Pattern.IsMatch(p.OfPath ? path : path[(path.LastIndexOf('/') + 1)..]));

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

    private sealed class InlineProgress(Action<TransferProgress> action) : IProgress<TransferProgress>
    {
        public void Report(TransferProgress value) => action(value);
    }
}
