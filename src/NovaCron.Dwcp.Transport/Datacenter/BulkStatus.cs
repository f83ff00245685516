namespace NovaCron.Dwcp.Transport.Datacenter;

/// <summary>How far a transfer is believed.</summary>
public enum BulkStatus
{
    /// <summary>Bytes are under way.</summary>
    Transferring,

    /// <summary>Every extent arrived and has its XXH3 (and its tags); the cryptographic digest is being computed by both sides. Not visible to anybody yet.</summary>
    VerifiedPendingDigest,

    /// <summary>The digests agree; committed.</summary>
    Committed,
}
