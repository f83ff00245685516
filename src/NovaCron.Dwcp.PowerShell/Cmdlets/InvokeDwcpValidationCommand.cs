using System.Collections;
using System.Management.Automation;
using NovaCron.Dwcp.Operations.Validation;
using NovaCron.Dwcp.Operations.Validation.Custom;
using NovaCron.Dwcp.PowerShell.Completion;
using NovaCron.Dwcp.PowerShell.Transfers;

namespace NovaCron.Dwcp.PowerShell.Cmdlets;

/// <summary>Answers "may this go to production?": runs the checks of all eight categories against a staged namespace and decides GO, REVIEW or NO-GO.</summary>
/// <example>
/// <para>Validates and writes the reports.</para>
/// <code>Invoke-DwcpValidation -Namespace staging -OutputDirectory ./reports</code>
/// </example>
/// <example>
/// <para>Shows only the checks that did not pass.</para>
/// <code>(Invoke-DwcpValidation -Namespace staging -Category Security).Checks | Where-Object Status -in Fail, Error</code>
/// </example>
[Cmdlet(VerbsLifecycle.Invoke, "DwcpValidation")]
[OutputType(typeof(DwcpValidationReport))]
public sealed class InvokeDwcpValidationCommand : ClusterCmdlet
{
    private const string Activity = "Validating DWCP v3";

    /// <summary>Named targets: Production, or Rehearsal for a small machine. The report shows which was used.</summary>
    [Parameter]
    [ValidateSet("Production", "Rehearsal")]
    public string Profile { get; set; } = "Production";

    /// <summary>Only these categories. A partial run is never GO.</summary>
    [Parameter]
    public CheckCategory[] Category { get; set; } = [];

    /// <summary>Only the checks with these ids. A partial run is never GO.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(CheckIdCompleter))]
    public string[] Id { get; set; } = [];

    /// <summary>Checks to leave out: a hashtable of check id and reason. The report shows both.</summary>
    [Parameter]
    public Hashtable Exclude { get; set; } = [];

    /// <summary>host:port of the data port as this machine reaches it; the Service's address by default.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? DataAddress { get; set; }

    /// <summary>Address of the Prometheus that watches the deployment, for example http://127.0.0.1:9090; the pod of the bundled stack by default.</summary>
    [Parameter]
    public Uri? PrometheusUrl { get; set; }

    /// <summary>Address of its Alertmanager, for example http://127.0.0.1:9093; the pod of the bundled stack by default.</summary>
    [Parameter]
    public Uri? AlertmanagerUrl { get; set; }

    /// <summary>Reports of image scanners (JSON of trivy or grype, or SARIF) that name the running digests. Without them, trivy or grype is asked where it is installed.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[] ImageScanReport { get; set; } = [];

    /// <summary>Directory in which Terraform made the infrastructure (New-DwcpStaging -Infrastructure Aws): its outputs and drift are checked too.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? TerraformDirectory { get; set; }

    /// <summary>YAML files with checks of your own: queries of Prometheus, HTTP addresses, fields of objects, and what is expected of them (docs/validation.md).</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[] CustomCheck { get; set; } = [];

    /// <summary>Directory for the report as validation-report.md, .json, .html, .junit.xml, .nunit.xml and .sarif.</summary>
    [Parameter]
    [Alias("ReportDirectory")]
    [ValidateNotNullOrEmpty]
    public string? OutputDirectory { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var progress = OnPipeline<ValidationProgress>(Show);
        var report = WithCluster(Namespace, (connection, cancellationToken) => new ValidationRunner(connection).RunAsync(Options(), progress, cancellationToken));
        WriteProgress(new ProgressRecord(0, Activity, "Done") { RecordType = ProgressRecordType.Completed });
        WriteObject(report);
    }

    private ValidationOptions Options() => new()
    {
        Namespace = Namespace,
        Profile = Profile == "Rehearsal" ? ValidationProfile.Rehearsal : ValidationProfile.Production,
        Categories = Category,
        Ids = Id,
        Exclude = Exclude.Cast<DictionaryEntry>().ToDictionary(entry => $"{entry.Key}", entry => $"{entry.Value}"),
        TransferProbe = new TransferProbe(),
        DataAddress = DataAddress,
        PrometheusUrl = HttpAddress(PrometheusUrl, nameof(PrometheusUrl)),
        AlertmanagerUrl = HttpAddress(AlertmanagerUrl, nameof(AlertmanagerUrl)),
        ImageScanReports = [.. ImageScanReport.Select(ResolvePath)],
        TerraformDirectory = TerraformDirectory is null ? null : ResolvePath(TerraformDirectory),
        CustomChecks = [.. CustomCheck.SelectMany(path => CustomCheckFile.Read(ResolvePath(path)))],
        ReportDirectory = OutputDirectory is null ? null : ResolvePath(OutputDirectory),
    };

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
