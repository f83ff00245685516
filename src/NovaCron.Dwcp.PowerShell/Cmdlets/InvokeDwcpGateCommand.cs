using System.Management.Automation;
using NovaCron.Dwcp.Operations.Validation;
using NovaCron.Dwcp.Operations.Validation.Gates;
using NovaCron.Dwcp.PowerShell.Transfers;

namespace NovaCron.Dwcp.PowerShell.Cmdlets;

/// <summary>Tries a GO/NO-GO gate: the same one that the Pester suites in tests/Gates show, without Pester. Its ExitCode is 0 only if the gate is open.</summary>
/// <remarks>ExitCode: 0 open, 3 something failed, 4 something could not be judged. 'dwcp run' exits with it.</remarks>
/// <example>
/// <para>In any CI.</para>
/// <code>exit (Invoke-DwcpGate Staging -Namespace staging).ExitCode</code>
/// </example>
/// <example>
/// <para>Shows what keeps the rollout gate shut.</para>
/// <code>(Invoke-DwcpGate Rollout -Namespace production).Results | Where-Object Status -in Fail, Error</code>
/// </example>
[Cmdlet(VerbsLifecycle.Invoke, "DwcpGate")]
[OutputType(typeof(DwcpGateReport))]
public sealed class InvokeDwcpGateCommand : ClusterCmdlet
{
    private const string Activity = "Trying the gate";

    /// <summary>Staging: may this be approved? Rollout: may the next phase begin? Transfer: does data move and arrive unchanged?</summary>
    [Parameter(Mandatory = true, Position = 0)]
    public DwcpGate Gate { get; set; }

    /// <summary>Named targets: Production, or Rehearsal for a small machine.</summary>
    [Parameter]
    [ValidateSet("Production", "Rehearsal")]
    public string Profile { get; set; } = "Production";

    /// <summary>host:port of the data port as this machine reaches it; the Service's address by default.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? DataAddress { get; set; }

    /// <summary>Address of the Prometheus that watches the deployment; the pod of the bundled stack by default.</summary>
    [Parameter]
    public Uri? PrometheusUrl { get; set; }

    /// <summary>Address of its Alertmanager; the pod of the bundled stack by default.</summary>
    [Parameter]
    public Uri? AlertmanagerUrl { get; set; }

    /// <summary>Reports of image scanners (JSON of trivy or grype, or SARIF) that name the running digests.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[] ImageScanReport { get; set; } = [];

    /// <summary>Directory for the validation report in all its forms.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? OutputDirectory { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var progress = OnPipeline<ValidationProgress>(Show);
        ValidationOptions Options() => new()
        {
            Namespace = Namespace,
            Profile = Profile == "Rehearsal" ? ValidationProfile.Rehearsal : ValidationProfile.Production,
            TransferProbe = new TransferProbe(),
            DataAddress = DataAddress,
            PrometheusUrl = HttpAddress(PrometheusUrl, nameof(PrometheusUrl)),
            AlertmanagerUrl = HttpAddress(AlertmanagerUrl, nameof(AlertmanagerUrl)),
            ImageScanReports = [.. ImageScanReport.Select(ResolvePath)],
            ReportDirectory = OutputDirectory is null ? null : ResolvePath(OutputDirectory),
        };
        var report = WithCluster(Gate, (connection, cancellationToken) => new GateService(connection).RunAsync(Gate, Options(), progress, cancellationToken));
        WriteProgress(new ProgressRecord(0, Activity, "Done") { RecordType = ProgressRecordType.Completed });
        WriteObject(report);
    }

    private void Show(ValidationProgress progress)
    {
        if (progress.Result is { } result)
            WriteVerbose($"{result.Status} {result.Id}: {result.Detail}");
        WriteProgress(new ProgressRecord(0, Activity, $"{progress.Completed} of {progress.Total} checks: {progress.Title}")
        {
            PercentComplete = progress.Total == 0 ? 0 : 100 * progress.Completed / progress.Total,
        });
    }
}
