namespace NovaCron.Dwcp.Operations.Notifications;

/// <summary>One way to people.</summary>
public interface INotificationChannel
{
    /// <summary>Name in the outbox, in metrics and in logs.</summary>
    string Name { get; }

    /// <summary>Tries once. Failures of the receiver are results, not exceptions.</summary>
    Task<DeliveryResult> SendAsync(Notification notification, CancellationToken cancellationToken);
}
