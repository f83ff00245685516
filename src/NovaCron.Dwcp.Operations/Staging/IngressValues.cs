namespace NovaCron.Dwcp.Operations.Staging;

/// <summary>Settings of the HTTP ingress. Data on 7420 never passes an ingress.</summary>
public sealed record IngressValues
{
    public bool Enabled { get; init; } = true;

    /// <summary>Host name; <c>dwcp-v3.&lt;namespace&gt;.internal</c> when empty.</summary>
    public string? Host { get; init; }

    public string? ClassName { get; init; }

    /// <summary>Secret with the certificate for <see cref="Host"/>; no TLS at the ingress when empty.</summary>
    public string? TlsSecret { get; init; }
}
