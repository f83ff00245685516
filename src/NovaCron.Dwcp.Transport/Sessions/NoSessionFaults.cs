namespace NovaCron.Dwcp.Transport.Sessions;

/// <summary>Injects nothing.</summary>
public sealed class NoSessionFaults : ISessionFaults
{
    /// <summary>The one.</summary>
    public static NoSessionFaults Instance { get; } = new();

    private NoSessionFaults()
    {
    }

    /// <inheritdoc/>
    public SessionFault Next(string version, RequestKind kind) => default;
}
