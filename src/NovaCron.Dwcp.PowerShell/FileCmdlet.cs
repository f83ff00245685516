using System.Management.Automation;

namespace NovaCron.Dwcp.PowerShell;

/// <summary>What cmdlets on files share: paths with wildcards, one file after the other, an error for each path that is not there.</summary>
public abstract class FileCmdlet : DwcpCmdlet
{
    /// <summary>Files; wildcards are allowed.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("FullName", "PSPath")]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = [];

    /// <summary>Handles one file.</summary>
    protected abstract void ProcessFile(string path);

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var path in Path)
        {
            ICollection<string> files;
            try
            {
                files = GetResolvedProviderPathFromPSPath(path, out _);
            }
            catch (ItemNotFoundException error)
            {
                WriteError(new ErrorRecord(error, "Dwcp.PathNotFound", ErrorCategory.ObjectNotFound, path)
                {
                    ErrorDetails = new ErrorDetails(error.Message) { RecommendedAction = "Check the path." },
                });
                continue;
            }
            foreach (var file in files)
                ProcessFile(file);
        }
    }
}
