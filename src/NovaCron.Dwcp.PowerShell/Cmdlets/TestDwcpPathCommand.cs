using System.Globalization;
using System.Management.Automation;
using NovaCron.Dwcp.Transport.Paths;

namespace NovaCron.Dwcp.PowerShell.Cmdlets;

/// <summary>Measures the path to a node over every way that there is (UDP, several TCP connections, one, the bulk path of a datacentre), and says which one a transfer would take, and why.</summary>
/// <remarks>Noise is sent to objects of its own below the given path, and deleted there again.</remarks>
/// <example>
/// <para>Measures the path to the staging cluster's node.</para>
/// <code>Get-DwcpCredential -Namespace staging | Test-DwcpPath</code>
/// </example>
/// <example>
/// <para>Shows each way.</para>
/// <code>(Test-DwcpPath dwcp://dwcp.example.com:7420/tests -ApiKey (Read-Host -AsSecureString) -NodeAuthority ./ca.crt).Ways</code>
/// </example>
[Cmdlet(VerbsDiagnostic.Test, "DwcpPath")]
[OutputType(typeof(PathReport))]
public sealed class TestDwcpPathCommand : TransferCmdlet
{
    /// <summary>Below which path to measure: dwcp://host:port/path, or only the path when DataAddress is given.</summary>
    [Parameter(Position = 0)]
    [ValidateNotNullOrEmpty]
    public string Destination { get; set; } = "path-test";

    /// <summary>Bytes to send over each way, 1 to 1 GiB. A long, fast path needs more than the default 8 MiB to reach its rate.</summary>
    [Parameter]
    [ValidateRange(1, PathProbe.MaximumBytes)]
    public int Bytes { get; set; } = PathProbe.DefaultBytes;

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var remote = RemoteOf(Destination);
        var progress = OnPipeline<PathWay>(way => WriteVerbose(way.Works
            ? string.Create(CultureInfo.InvariantCulture, $"{way.Name}: {way.BytesPerSecond / 1e6:0.00} MB/s, {way.Detail}")
            : $"{way.Name}: does not work, {way.Detail}"));
        var report = Await(remote, cancellationToken => PathProbe.RunAsync(RequestTo(remote), Bytes, progress, cancellationToken));
        foreach (var reason in report.Reasons)
            WriteVerbose(reason);
        WriteObject(report);
    }
}
