namespace NovaCron.Dwcp.Node.Configuration;

/// <summary>Where the cache listens.</summary>
/// <param name="Host">Name or address, as configured.</param>
/// <param name="Port">TCP port, 1..65535.</param>
public sealed record RedisAddress(string Host, int Port)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Host}:{Port}";
}
