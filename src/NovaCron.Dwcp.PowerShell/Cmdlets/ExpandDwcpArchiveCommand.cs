using System.Management.Automation;
using NovaCron.Dwcp.Codec;
using NovaCron.Dwcp.Codec.Archives;

namespace NovaCron.Dwcp.PowerShell.Cmdlets;

/// <summary>Expands DWCP archives. A damaged archive is an error, and leaves no file behind.</summary>
/// <example>
/// <para>Restores disk.img beside its archive.</para>
/// <code>Expand-DwcpArchive ./disk.img.dwcp</code>
/// </example>
/// <example>
/// <para>Expands everything into another directory, with at most 64 MiB of memory.</para>
/// <code>Get-ChildItem ./archives/*.dwcp | Expand-DwcpArchive -DestinationPath ./restored -MemoryLimit 64MB</code>
/// </example>
[Cmdlet(VerbsData.Expand, "DwcpArchive", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Low)]
[OutputType(typeof(ArchiveResult))]
public sealed class ExpandDwcpArchiveCommand : ArchiveCmdlet
{
    /// <summary>The file to write, or a directory to write files into; beside each archive by default, without .dwcp.</summary>
    [Parameter(Position = 1)]
    [ValidateNotNullOrEmpty]
    public string? DestinationPath { get; set; }

    /// <summary>The most bytes of memory that decoding takes, 1 MiB or more; whatever the archive asks for.</summary>
    [Parameter]
    [ValidateRange(1L << 20, long.MaxValue)]
    public long MemoryLimit { get; set; } = DwcpDecoderOptions.DefaultMemoryLimit;

    /// <summary>The dictionary that the archives were made with, where they were made with one; Get-DwcpArchive tells its number.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Dictionary { get; set; }

    /// <summary>Replaces a file that exists.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override void ProcessFile(string path)
    {
        var options = new DwcpDecoderOptions { Threads = Threads, MemoryLimit = MemoryLimit, Dictionary = LoadDictionary(Dictionary) };
        var given = DestinationPath is null ? null : ResolvePath(DestinationPath);
        var destination = given is not null && !Directory.Exists(given) ? given : AwaitOrError(path, _ => Task.FromResult(ArchiveFile.ContentPathOf(path)));
        if (destination is null)
            return;
        if (given is not null && destination != given)
            destination = System.IO.Path.Combine(given, System.IO.Path.GetFileName(destination));
        if (!ShouldProcess($"{path} to {destination}", "Expand"))
            return;
        if (AwaitFile(path, "Expand", (progress, cancellationToken) => ArchiveFile.ExpandAsync(path, destination, options, Force, progress, cancellationToken)) is { } result)
            WriteObject(result);
    }
}
