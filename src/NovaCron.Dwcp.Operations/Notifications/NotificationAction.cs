namespace NovaCron.Dwcp.Operations.Notifications;

/// <summary>What a notification does to the alert of its key.</summary>
public enum NotificationAction
{
    /// <summary>News for people who read along; nobody is woken.</summary>
    Tell,

    /// <summary>Opens the alert, or adds to it.</summary>
    Trigger,

    /// <summary>Closes the alert.</summary>
    Resolve,
}
