namespace NovaCron.Dwcp.Transport.Sessions;

/// <summary>Values of the metrics label <c>version</c>.</summary>
public static class VersionLabel
{
    /// <summary>Version 1.</summary>
    public const string V1 = "v1";

    /// <summary>Version 3 under the traffic split.</summary>
    public const string V3 = "v3";

    /// <summary>Version 3 forced by the canary key; counts in no evidence.</summary>
    public const string Canary = "canary";
}
