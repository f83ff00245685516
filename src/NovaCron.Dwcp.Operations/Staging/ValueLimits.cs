namespace NovaCron.Dwcp.Operations.Staging;

/// <summary>Forms of values that several settings share.</summary>
internal static class ValueLimits
{
    public const string Quantity = "^[0-9]+(?:\\.[0-9]+)?(?:m|k|M|G|T|Ki|Mi|Gi|Ti)?$";
    public const string QuantityText = "a Kubernetes quantity such as 250m, 2 or 512Mi";
    public const string Image = "^[a-z0-9][a-zA-Z0-9./:_@-]{0,511}$";
    public const string ImageText = "an image reference such as registry.example/dwcpd@sha256:...";
    public const string Label = "^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$";
    public const string LabelText = "a Kubernetes name (lower case letters, digits, hyphens)";
}
