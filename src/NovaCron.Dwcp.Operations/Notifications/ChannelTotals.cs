namespace NovaCron.Dwcp.Operations.Notifications;

/// <summary>What a process has done over one channel.</summary>
/// <param name="Delivered">Messages that the receiver has, or does not want.</param>
/// <param name="Failed">Attempts that failed.</param>
public readonly record struct ChannelTotals(long Delivered, long Failed);
