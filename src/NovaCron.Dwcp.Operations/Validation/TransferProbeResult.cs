namespace NovaCron.Dwcp.Operations.Validation;

/// <summary>What a probing transfer did.</summary>
public sealed record TransferProbeResult
{
    /// <summary>False if the node refused the session (wrong key) or the transfer failed; <see cref="Detail"/> says how.</summary>
    public required bool Succeeded { get; init; }

    /// <summary>True only if the node itself refused the credential.</summary>
    public bool CredentialRefused { get; init; }

    /// <summary>Protocol version that the session used; 0 if there was none.</summary>
    public int Version { get; init; }

    public long UserBytes { get; init; }

    public long WireBytes { get; init; }

    public TimeSpan Duration { get; init; }

    /// <summary>The data read back has the hash of the data sent.</summary>
    public bool HashesEqual { get; init; }

    /// <summary>Times that the transfer was resumed after an interruption.</summary>
    public int Resumes { get; init; }

    public string Detail { get; init; } = "";
}
