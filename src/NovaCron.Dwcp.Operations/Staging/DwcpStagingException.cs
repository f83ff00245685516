namespace NovaCron.Dwcp.Operations.Staging;

/// <summary>A deployment that was refused or did not come up: what, where, and what to do.</summary>
public sealed class DwcpStagingException : Exception
{
    public DwcpStagingException(StagingStage stage, string target, string what, string remedy, Exception? inner = null)
        : base($"{target}: {what.TrimEnd('.', ' ')}. {remedy}", inner)
    {
        Stage = stage;
        Target = target;
        Remedy = remedy;
    }

    public StagingStage Stage { get; }

    public string Target { get; }

    public string Remedy { get; }
}
