namespace NovaCron.Dwcp.Operations.Notifications;

/// <summary>How far one channel has come.</summary>
public sealed class ChannelPosition
{
    /// <summary>Number of the first history entry that is not done with.</summary>
    public long Next { get; set; }

    /// <summary>Messages of that entry that are delivered already.</summary>
    public int Part { get; set; }

    /// <summary>What went wrong last, for people; null when the last attempt succeeded.</summary>
    public string? LastProblem { get; set; }
}
