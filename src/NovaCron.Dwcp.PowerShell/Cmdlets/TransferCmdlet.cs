using System.Management.Automation;
using System.Net;
using System.Security;
using System.Security.Cryptography.X509Certificates;
using NovaCron.Dwcp.Codec;
using NovaCron.Dwcp.PowerShell.Transfers;
using NovaCron.Dwcp.Transport.Paths;
using NovaCron.Dwcp.Transport.Transfers;

namespace NovaCron.Dwcp.PowerShell.Cmdlets;

/// <summary>What commands share that speak with a node's data port: where it is, as whom, whom to trust, which ways to use.</summary>
public abstract class TransferCmdlet : DwcpCmdlet
{
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

    /// <summary>Which ways may be used: Auto takes what is expected to be fastest, Internet UDP where it gets through and TCP where it does not, Datacenter the bulk path, Hybrid both.</summary>
    [Parameter]
    public TransferMode Mode { get; set; } = TransferMode.Auto;

    /// <summary>TCP connections to use at once where UDP does not get through, 1 to 64; as many as the kernel's congestion control needs by default.</summary>
    [Parameter]
    [ValidateRange(1, 64)]
    public int? Parallelism { get; set; }

    /// <summary>What every request to the node has in common.</summary>
    private protected TransferRequest RequestTo(Uri remote) => new()
    {
        Remote = remote,
        ClientId = ClientId,
        ApiKey = ApiKey is null ? null : new NetworkCredential("", ApiKey).Password,
        ClientCertificate = Certificate,
        TrustedCertificates = NodeAuthority is null ? null : TransferTrust.FromPem(
            NodeAuthority.Contains("-----BEGIN", StringComparison.Ordinal) ? NodeAuthority : File.ReadAllText(ResolvePath(NodeAuthority))),
        Pin = Pin,
        ServerName = ServerName,
        Level = DwcpLevel.Adaptive,
        Mode = Mode,
        Parallelism = Parallelism,
    };

    /// <summary>The address that the text means, alone or beside <see cref="DataAddress"/>.</summary>
    private protected Uri RemoteOf(string text)
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
}
