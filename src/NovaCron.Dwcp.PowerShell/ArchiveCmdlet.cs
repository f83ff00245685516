using System.Globalization;
using System.Management.Automation;
using NovaCron.Dwcp.Codec.Archives;

namespace NovaCron.Dwcp.PowerShell;

/// <summary>What the archive cmdlets share: paths with wildcards, one file after the other, an error for each file that fails.</summary>
public abstract class ArchiveCmdlet : DwcpCmdlet
{
    /// <summary>Files; wildcards are allowed.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("FullName", "PSPath")]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = [];

    /// <summary>Blocks coded at once; one per processor by default. It changes the speed, never the bytes.</summary>
    [Parameter]
    [ValidateRange(1, 1024)]
    public int Threads { get; set; } = Environment.ProcessorCount;

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

    /// <summary>Runs the work on one file; a failure is an error of that file, and the next one goes on.</summary>
    protected T? AwaitFile<T>(string path, string activity, Func<IProgress<ArchiveProgress>, CancellationToken, Task<T>> work)
        where T : class
    {
        var title = $"{activity} {path}";
        var progress = OnPipeline<ArchiveProgress>(update => WriteProgress(new ProgressRecord(0, title, string.Create(
            CultureInfo.InvariantCulture, $"{update.ReadBytes / 1048576.0:0.0} of {update.TotalBytes / 1048576.0:0.0} MiB"))
        {
            PercentComplete = update.TotalBytes > 0 ? (int)Math.Clamp(100 * update.ReadBytes / update.TotalBytes, 0, 100) : -1,
        }));
        try
        {
            return AwaitOrError(path, cancellationToken => work(progress, cancellationToken));
        }
        finally
        {
            WriteProgress(new ProgressRecord(0, title, "Done") { RecordType = ProgressRecordType.Completed });
        }
    }
}
