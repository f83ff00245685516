namespace NovaCron.Dwcp.Transport.Sessions;

/// <summary>Faults injected into request handling; only rehearsals have any.</summary>
public interface ISessionFaults
{
    /// <summary>Asked once for each request before it is handled.</summary>
    SessionFault Next(string version, RequestKind kind);
}
