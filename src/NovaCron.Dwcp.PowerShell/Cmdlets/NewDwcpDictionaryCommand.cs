using System.Management.Automation;
using NovaCron.Dwcp.Codec;
using NovaCron.Dwcp.Codec.Archives;

namespace NovaCron.Dwcp.PowerShell.Cmdlets;

/// <summary>
/// Trains a dictionary from samples of small payloads: JSON records, log lines, metrics. With it, each of them compresses to a fraction of what it takes alone.
/// Give hundreds of samples, together a hundred times the dictionary's length where there are so many.
/// </summary>
/// <example>
/// <para>Trains a dictionary from one file for each record, and compresses further ones with it.</para>
/// <code>Get-ChildItem ./records/*.json | New-DwcpDictionary -DestinationPath ./records.dwcd; Compress-DwcpArchive ./today.json -Dictionary ./records.dwcd</code>
/// </example>
/// <example>
/// <para>Trains a short one from logs with a record in every line.</para>
/// <code>New-DwcpDictionary ./audit.jsonl -DestinationPath ./audit.dwcd -Lines -Length 32KB</code>
/// </example>
[Cmdlet(VerbsCommon.New, "DwcpDictionary", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Low)]
[OutputType(typeof(DictionaryResult))]
public sealed class NewDwcpDictionaryCommand : FileCmdlet
{
    private readonly DictionarySamples _samples = new();

    /// <summary>The dictionary to write; by custom its name ends in .dwcd.</summary>
    [Parameter(Mandatory = true, Position = 1)]
    [ValidateNotNullOrEmpty]
    public string DestinationPath { get; set; } = "";

    /// <summary>Bytes of the dictionary's content at most.</summary>
    [Parameter]
    [ValidateRange(256, DwcpDictionary.MaxContentLength)]
    public int Length { get; set; } = DwcpDictionary.DefaultContentLength;

    /// <summary>Takes every line of the files as a sample of its own; without it every file is one.</summary>
    [Parameter]
    public SwitchParameter Lines { get; set; }

    /// <summary>Replaces a dictionary that exists.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override void ProcessFile(string path) => AwaitOrError(path, async cancellationToken =>
    {
        await _samples.AddAsync(path, Lines, cancellationToken).ConfigureAwait(false);
        return _samples;
    });

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        var destination = ResolvePath(DestinationPath);
        if (ShouldProcess($"{_samples.Count} samples of {_samples.Bytes} bytes to {destination}", "Train a dictionary"))
            WriteObject(Await(destination, cancellationToken => Task.Run(() => _samples.Train(destination, Length, Force, cancellationToken), cancellationToken)));
        base.EndProcessing();
    }
}
