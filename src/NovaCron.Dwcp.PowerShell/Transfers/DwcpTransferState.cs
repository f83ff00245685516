namespace NovaCron.Dwcp.PowerShell.Transfers;

/// <summary>Where a transfer stands.</summary>
public enum DwcpTransferState
{
    /// <summary>It runs.</summary>
    Running,

    /// <summary>Verified by both sides and committed.</summary>
    Completed,

    /// <summary>It ended with an error; what the receiver has is kept for a resume.</summary>
    Failed,

    /// <summary>Somebody stopped it; what the receiver has is kept for a resume.</summary>
    Stopped,
}
