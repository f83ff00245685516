using System.Globalization;
using System.Management.Automation;
using NovaCron.Dwcp.Codec;
using NovaCron.Dwcp.Codec.Archives;

namespace NovaCron.Dwcp.PowerShell.Cmdlets;

/// <summary>Compresses files to DWCP archives: checked by hash block by block, readable from anywhere. With -WhatIf tells what each would come to, from a sample.</summary>
/// <example>
/// <para>Compresses a disk image beside itself, as disk.img.dwcp.</para>
/// <code>Compress-DwcpArchive ./disk.img</code>
/// </example>
/// <example>
/// <para>Asks what the densest level would save on a day's logs.</para>
/// <code>Get-ChildItem ./logs/*.log | Compress-DwcpArchive -Level Max -WhatIf</code>
/// </example>
/// <example>
/// <para>Compresses a disk image that holds the same files several times, far apart; expanding it takes 1 GiB of memory.</para>
/// <code>Compress-DwcpArchive ./disk.img -WindowLength 1GB</code>
/// </example>
/// <example>
/// <para>Compresses small records with the dictionary that was trained from records like them.</para>
/// <code>Get-ChildItem ./records/*.json | Compress-DwcpArchive -Dictionary ./records.dwcd -DestinationPath ./archives</code>
/// </example>
[Cmdlet(VerbsData.Compress, "DwcpArchive", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Low)]
[OutputType(typeof(ArchiveResult))]
public sealed class CompressDwcpArchiveCommand : ArchiveCmdlet
{
    /// <summary>The archive to write, or a directory to write archives into; beside each file by default, with .dwcp added to its name.</summary>
    [Parameter(Position = 1)]
    [ValidateNotNullOrEmpty]
    public string? DestinationPath { get; set; }

    /// <summary>How hard to compress.</summary>
    [Parameter]
    public DwcpLevel Level { get; set; } = DwcpLevel.Dense;

    /// <summary>Bytes of a block, the unit of parallelism and of random access; the level's own by default.</summary>
    [Parameter]
    [ValidateRange(DwcpEncoderOptions.MinBlockLength, DwcpEncoderOptions.MaxBlockLength)]
    public int BlockLength { get; set; }

    /// <summary>
    /// Bytes of a window in which a block may refer to earlier ones, however far back: a power of two to 1GB, two blocks at least; 0, the default, for blocks that stand alone.
    /// Expanding takes so much memory more: above 64MB, Expand-DwcpArchive needs a larger -MemoryLimit.
    /// </summary>
    [Parameter]
    [ValidateRange(0, DwcpEncoderOptions.MaxWindowLength)]
    public int WindowLength { get; set; }

    /// <summary>A dictionary from New-DwcpDictionary, for files of up to 256 KiB; expanding needs the same one.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Dictionary { get; set; }

    /// <summary>Replaces an archive that exists.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override void ProcessFile(string path)
    {
        var destination = DestinationPath is null ? ArchiveFile.ArchivePathOf(path) : ResolvePath(DestinationPath);
        if (Directory.Exists(destination))
            destination = System.IO.Path.Combine(destination, System.IO.Path.GetFileName(ArchiveFile.ArchivePathOf(path)));
        var options = new DwcpEncoderOptions { Level = Level, BlockLength = BlockLength, WindowLength = WindowLength, Dictionary = LoadDictionary(Dictionary), Threads = Threads };
        var about = "";
        if (IsWhatIf)
        {
            if (AwaitOrError(path, cancellationToken => ArchiveFile.EstimateAsync(path, options, cancellationToken)) is not { } estimate)
                return;
            about = string.Create(CultureInfo.InvariantCulture,
                $", about {estimate.EncodedLength} of {estimate.ContentLength} bytes ({estimate.PercentSaved:0.0} % saved of a sample of {estimate.SampleLength})");
        }
        if (!ShouldProcess($"{path} to {destination}{about}", "Compress"))
            return;
        if (AwaitFile(path, "Compress", (progress, cancellationToken) => ArchiveFile.CompressAsync(path, destination, options, Force, progress, cancellationToken)) is { } result)
            WriteObject(result);
    }
}
