namespace NovaCron.Dwcp.Operations.Staging;

/// <summary>A manifest or a values file that cannot be used: which file, which line, what to change.</summary>
public sealed class ManifestException : Exception
{
    public ManifestException(string file, long line, string message, Exception? inner = null)
        : base($"{file}:{line}: {message}", inner)
    {
        File = file;
        Line = line;
    }

    public string File { get; }

    /// <summary>Line in the file, from 1.</summary>
    public long Line { get; }
}
