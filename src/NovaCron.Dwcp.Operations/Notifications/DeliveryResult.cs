namespace NovaCron.Dwcp.Operations.Notifications;

/// <summary>What became of one attempt to deliver a message.</summary>
/// <param name="Delivered">The receiver has it, or does not want this kind of message.</param>
/// <param name="Refused">The receiver will never take it; trying again is useless.</param>
/// <param name="RetryAfter">How long the receiver asked to be left alone, or null.</param>
/// <param name="Problem">What went wrong, without secrets; null when nothing did.</param>
public sealed record DeliveryResult(bool Delivered, bool Refused, TimeSpan? RetryAfter, string? Problem)
{
    public static DeliveryResult Done { get; } = new(true, false, null, null);
}
