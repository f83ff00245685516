using System.Management.Automation;
using System.Net;
using System.Security;
using NovaCron.Dwcp.Aws;
using NovaCron.Dwcp.Operations.Cluster;
using NovaCron.Dwcp.Operations.Validation;
using NovaCron.Dwcp.PowerShell.Completion;

namespace NovaCron.Dwcp.PowerShell;

/// <summary>A cmdlet that talks to a cluster: a kubeconfig by default, or a server with a token, or an EKS cluster by its name.</summary>
public abstract class ClusterCmdlet : DwcpCmdlet
{
    /// <summary>Path of a kubeconfig; by default $env:KUBECONFIG, then ~/.kube/config.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Kubeconfig { get; set; }

    /// <summary>Context of the kubeconfig; its current context by default.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Context { get; set; }

    /// <summary>Namespace that DWCP v3 is staged in.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidatePattern("^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$", Options = System.Text.RegularExpressions.RegexOptions.None)]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    public string Namespace { get; set; } = "staging";

    /// <summary>Address of the API server, for example https://10.0.0.1:6443, instead of a kubeconfig. Needs Token.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Server { get; set; }

    /// <summary>Bearer token for Server.</summary>
    [Parameter]
    public SecureString? Token { get; set; }

    /// <summary>The API server's certificate authority, as the path of a PEM file or as PEM text; the machine's trust store by default.</summary>
    [Parameter]
    [Alias("CaCert")]
    [ValidateNotNullOrEmpty]
    public string? CertificateAuthority { get; set; }

    /// <summary>Name of an EKS cluster instead of a kubeconfig: address, CA and tokens come from AWS, in this process.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? EksCluster { get; set; }

    /// <summary>AWS region, for example eu-central-1; by default that of the session, the environment or the profile.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Region { get; set; }

    /// <summary>AWS profile; by default what the session has stored (Set-AWSCredential), else the SDK's default chain.</summary>
    [Parameter]
    [Alias("AwsProfile")]
    [ValidateNotNullOrEmpty]
    public string? ProfileName { get; set; }

    /// <summary>Opens the connection, runs the work, closes the connection; failures become terminating errors about <paramref name="target"/>.</summary>
    protected T WithCluster<T>(object? target, Func<ClusterConnection, CancellationToken, Task<T>> work)
    {
        var options = ConnectionOptions();
        var (eks, aws) = (EksCluster, AwsOptions());
        if (eks is not null && (Kubeconfig ?? Context ?? Server) is not null)
        {
            ThrowTerminatingError(new ErrorRecord(new ArgumentException("-EksCluster names the cluster; leave out -Kubeconfig, -Context and -Server."), "Dwcp.InvalidArgument",
                ErrorCategory.InvalidArgument, eks));
        }

        return Await(target, async cancellationToken =>
        {
            if (eks is not null)
                options = (await Aws.EksCluster.DescribeAsync(AwsSession.Open(aws), eks, cancellationToken: cancellationToken).ConfigureAwait(false)).Connect(options);
            using var connection = ClusterConnection.Open(options);
            Post(() => WriteVerbose($"Cluster {connection.Server}, context {connection.Context}, namespace {Namespace}."));
            return await work(connection, cancellationToken).ConfigureAwait(false);
        });
    }

    /// <summary>Account and region as the parameters and the session say.</summary>
    private protected AwsOptions AwsOptions() => AwsParameters.Read(this, ProfileName, Region);

    private ClusterConnectionOptions ConnectionOptions() => new()
    {
        KubeconfigPath = Kubeconfig is null ? null : ResolvePath(Kubeconfig),
        Context = Context,
        Server = Server,
        Token = Token is null ? null : new NetworkCredential("", Token).Password,
        CertificateAuthority = CertificateAuthority is null || CertificateAuthority.Contains("-----BEGIN", StringComparison.Ordinal)
            ? CertificateAuthority
            : ResolvePath(CertificateAuthority),
    };

    /// <summary>An address of HTTP as text, or null when none was given.</summary>
    /// <exception cref="DwcpValidationException">It is another kind of address.</exception>
    protected static string? HttpAddress(Uri? address, string parameter) => address is null or { IsAbsoluteUri: true, Scheme: "http" or "https", UserInfo: "" }
        ? address?.AbsoluteUri
        : throw new DwcpValidationException($"-{parameter} {address}", "is no address that can be asked", "Give it as http://host:port or https://host, without a password.");
}
