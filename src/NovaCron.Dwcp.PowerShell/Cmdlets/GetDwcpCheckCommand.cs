using System.Management.Automation;
using NovaCron.Dwcp.Operations.Validation;
using NovaCron.Dwcp.PowerShell.Completion;

namespace NovaCron.Dwcp.PowerShell.Cmdlets;

/// <summary>Lists the checks of the validation: id, category, severity, what each looks at, and what to do when it fails. Needs no cluster.</summary>
/// <example>
/// <para>Lists the checks of one category.</para>
/// <code>Get-DwcpCheck -Category Security</code>
/// </example>
[Cmdlet(VerbsCommon.Get, "DwcpCheck")]
[OutputType(typeof(CheckDescription))]
public sealed class GetDwcpCheckCommand : PSCmdlet
{
    /// <summary>Ids to show, with wildcards; all by default.</summary>
    [Parameter(Position = 0)]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(CheckIdCompleter))]
    public string[] Id { get; set; } = ["*"];

    /// <summary>Categories to show; all by default.</summary>
    [Parameter]
    public CheckCategory[] Category { get; set; } = [];

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var patterns = Id.Select(id => WildcardPattern.Get(id, WildcardOptions.IgnoreCase)).ToList();
        WriteObject(CheckCatalogue.All.Where(check =>
            (Category.Length == 0 || Category.Contains(check.Category)) && patterns.Exists(pattern => pattern.IsMatch(check.Id))), enumerateCollection: true);
    }
}
