using System.Globalization;
using System.Management.Automation;
using NovaCron.Dwcp.Codec;
using NovaCron.Dwcp.Codec.Archives;

namespace NovaCron.Dwcp.PowerShell;

/// <summary>What the archive cmdlets share: an error for each file that fails, progress, dictionaries.</summary>
public abstract class ArchiveCmdlet : FileCmdlet
{
    private DwcpDictionary? _dictionary;

    /// <summary>Blocks coded at once; one per processor by default. It changes the speed, never the bytes.</summary>
    [Parameter]
    [ValidateRange(1, 1024)]
    public int Threads { get; set; } = Environment.ProcessorCount;

    /// <summary>Reads the dictionary, once for all files; one that cannot be read ends the command, since no file would do without it.</summary>
    protected DwcpDictionary? LoadDictionary(string? path) =>
        path is null ? null : _dictionary ??= Await(path, _ => Task.FromResult(DwcpDictionary.Load(ResolvePath(path))));

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
