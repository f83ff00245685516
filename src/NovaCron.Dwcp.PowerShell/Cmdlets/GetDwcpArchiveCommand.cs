using System.Management.Automation;
using NovaCron.Dwcp.Codec;
using NovaCron.Dwcp.Codec.Archives;

namespace NovaCron.Dwcp.PowerShell.Cmdlets;

/// <summary>Tells what is in DWCP archives from their indexes, and with -Verify that every block of them is whole.</summary>
/// <example>
/// <para>Lists archives with what they save.</para>
/// <code>Get-DwcpArchive ./archives/*.dwcp</code>
/// </example>
/// <example>
/// <para>Checks every block of a backup before the original goes.</para>
/// <code>Get-DwcpArchive ./disk.img.dwcp -Verify</code>
/// </example>
[Cmdlet(VerbsCommon.Get, "DwcpArchive")]
[OutputType(typeof(ArchiveInfo))]
public sealed class GetDwcpArchiveCommand : ArchiveCmdlet
{
    /// <summary>Decodes every block and checks its hash; without it only header and index are read and checked.</summary>
    [Parameter]
    public SwitchParameter Verify { get; set; }

    /// <summary>The most bytes of memory that reading takes, 1 MiB or more; whatever the archive asks for.</summary>
    [Parameter]
    [ValidateRange(1L << 20, long.MaxValue)]
    public long MemoryLimit { get; set; } = DwcpDecoderOptions.DefaultMemoryLimit;

    /// <summary>The dictionary that the archives were made with; only -Verify needs it.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Dictionary { get; set; }

    /// <inheritdoc/>
    protected override void ProcessFile(string path)
    {
        var options = new DwcpDecoderOptions { Threads = Threads, MemoryLimit = MemoryLimit, Dictionary = LoadDictionary(Dictionary) };
        if (AwaitFile(path, "Read", (progress, cancellationToken) => ArchiveFile.InspectAsync(path, options, Verify, progress, cancellationToken)) is { } info)
            WriteObject(info);
    }
}
