namespace NovaCron.Dwcp.Transport.Protocol;

/// <summary>The payload of an Open frame.</summary>
internal sealed record OpenMessage(IReadOnlyList<int> Versions, string ClientId, string ApiKey, string CanaryKey, ulong Features = 0)
{
    public void Write(WireWriter writer)
    {
        writer.Number(WireLimits.ProtocolVersion).Number(Versions.Count);
        foreach (var version in Versions) writer.Number(version);
        writer.Text(ClientId).Text(ApiKey).Text(CanaryKey).Varint(Features);
    }

    public static OpenMessage Read(ReadOnlySpan<byte> payload)
    {
        var reader = new WireReader(payload);
        var protocol = reader.Count("protocol version", 1000);
        if (protocol != WireLimits.ProtocolVersion) throw new DwcpProtocolException(DwcpErrorCode.NoCommonVersion, $"Protocol version {protocol} is not spoken under this ALPN name.");
        var versions = new int[reader.Count("number of versions", WireLimits.MaxVersions)];
        for (var i = 0; i < versions.Length; i++) versions[i] = reader.Count("version", 1000);
        var clientId = reader.Text("client id", WireLimits.MaxClientId * 4);
        var apiKey = reader.Text("API key", WireLimits.MaxApiKey);
        var canaryKey = reader.Text("canary key", WireLimits.MaxApiKey);
        var features = reader.Varint(); // unknown bits are ignored
        reader.ExpectEnd("an Open frame");
        if (!IsClientId(clientId)) throw new DwcpProtocolException($"A client id has 1 to {WireLimits.MaxClientId} characters, none of them a control character.");
        return new OpenMessage(versions, clientId, apiKey, canaryKey, features);
    }

    public static bool IsClientId(string clientId) => clientId.Length is > 0 and <= WireLimits.MaxClientId && !clientId.Any(char.IsControl);

    /// <summary>Names no key.</summary>
    public override string ToString() => $"Open from {ClientId}";
}
