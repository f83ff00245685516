using System.Management.Automation;
using NovaCron.Dwcp.Operations.Validation;
using NovaCron.Dwcp.Operations.Validation.Reports;

namespace NovaCron.Dwcp.PowerShell.Cmdlets;

/// <summary>Compares two validations: which checks came out differently, what was measured before and after. Needs no cluster.</summary>
/// <remarks>ExitCode of the result is 1 when a check that passed does not pass any more, or was left out.</remarks>
/// <example>
/// <para>Compares today's validation with the report of last week.</para>
/// <code>Invoke-DwcpValidation -Namespace staging | Compare-DwcpValidation -ReferencePath ./last-week/validation-report.json</code>
/// </example>
/// <example>
/// <para>Compares two reports that are at hand, and shows what got worse.</para>
/// <code>(Compare-DwcpValidation -Reference $before -Report $after).Regressions</code>
/// </example>
[Cmdlet(VerbsData.Compare, "DwcpValidation", DefaultParameterSetName = "Path")]
[OutputType(typeof(DwcpValidationComparison))]
public sealed class CompareDwcpValidationCommand : DwcpCmdlet
{
    /// <summary>The earlier report, from Invoke-DwcpValidation.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Report")]
    public DwcpValidationReport Reference { get; set; } = null!;

    /// <summary>The earlier report as a validation-report.json.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "Path")]
    [ValidateNotNullOrEmpty]
    public string ReferencePath { get; set; } = "";

    /// <summary>The later report: from Invoke-DwcpValidation, or the path of a validation-report.json.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipeline = true)]
    public PSObject Report { get; set; } = null!;

    /// <inheritdoc/>
    protected override void ProcessRecord() => WriteObject(Await(Report.BaseObject, async cancellationToken =>
    {
        var reference = ParameterSetName == "Path" ? await ValidationReportFiles.ReadAsync(ResolvePath(ReferencePath), cancellationToken).ConfigureAwait(false) : Reference;
        var later = Report.BaseObject as DwcpValidationReport
            ?? await ValidationReportFiles.ReadAsync(ResolvePath(Report.ToString()!), cancellationToken).ConfigureAwait(false);
        return DwcpValidationComparison.Of(reference, later);
    }));
}
