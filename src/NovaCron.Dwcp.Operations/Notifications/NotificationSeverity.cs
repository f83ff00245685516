namespace NovaCron.Dwcp.Operations.Notifications;

/// <summary>How bad it is.</summary>
public enum NotificationSeverity
{
    Info,
    Warning,
    Critical,
}
