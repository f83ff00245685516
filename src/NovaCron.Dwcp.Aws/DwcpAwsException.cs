namespace NovaCron.Dwcp.Aws;

/// <summary>AWS refused or could not be reached: what, where, and what to do. Never holds a credential.</summary>
public sealed class DwcpAwsException : Exception
{
    public DwcpAwsException(string target, string what, string remedy, Exception? inner = null)
        : base($"{target}: {what.TrimEnd('.', ' ')}. {remedy}", inner)
    {
        Target = target;
        Remedy = remedy;
    }

    public string Target { get; }

    public string Remedy { get; }
}
