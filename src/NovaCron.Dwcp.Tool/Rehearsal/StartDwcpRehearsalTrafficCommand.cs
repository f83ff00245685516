using System.Management.Automation;
using System.Net;
using System.Security;
using System.Security.Cryptography.X509Certificates;
using NovaCron.Dwcp.Rehearsal.Traffic;

namespace NovaCron.Dwcp.Tool.Rehearsal;

/// <summary>Starts seeded clients that send real transfers at a set rate and keep account of every one. Pipe Get-DwcpCredential in.</summary>
[Cmdlet(VerbsLifecycle.Start, "DwcpRehearsalTraffic")]
[OutputType(typeof(TrafficGenerator))]
public sealed class StartDwcpRehearsalTrafficCommand : RehearsalCmdlet
{
    /// <summary>host:port of the data port.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true)]
    public string DataAddress { get; set; } = "";

    /// <summary>API key.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true)]
    public SecureString ApiKey { get; set; } = null!;

    /// <summary>PEM of the authority that the node's certificate chains to.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true)]
    public string NodeAuthority { get; set; } = "";

    /// <summary>Name that the node's certificate carries.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public string ServerName { get; set; } = "dwcp-v3";

    /// <summary>Requests per second.</summary>
    [Parameter]
    [ValidateRange(0.1, 1000)]
    public double Rate { get; set; } = 20;

    /// <summary>Distinct clients.</summary>
    [Parameter]
    [ValidateRange(1, 1_000_000)]
    public int ClientCount { get; set; } = 1000;

    /// <summary>The same seed sends the same bytes.</summary>
    [Parameter]
    public int Seed { get; set; } = 1;

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPem(NodeAuthority);
        var generator = Await(DataAddress, _ => Task.FromResult(new TrafficGenerator(new TrafficOptions
        {
            Target = new Uri($"dwcp://{DataAddress}/traffic"),
            ApiKey = new NetworkCredential("", ApiKey).Password,
            TrustedCertificates = authorities,
            ServerName = ServerName,
            Rate = Rate,
            ClientCount = ClientCount,
            Seed = Seed,
        })));
        Session.Own(generator);
        generator.Start();
        WriteObject(generator);
    }
}
