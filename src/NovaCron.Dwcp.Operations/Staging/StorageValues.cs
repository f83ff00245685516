using System.ComponentModel.DataAnnotations;

namespace NovaCron.Dwcp.Operations.Staging;

/// <summary>Settings of the claim that holds committed objects and resume journals.</summary>
public sealed record StorageValues
{
    /// <summary>Looks at the cluster and chooses.</summary>
    internal const string AutomaticAccessMode = "Auto";

    /// <summary>StorageClass; the cluster's default when empty. It must offer <see cref="AccessMode"/>.</summary>
    public string? ClassName { get; init; }

    /// <summary>EFS file system (<c>fs-...</c>): a StorageClass of the EFS driver is made for it, and used instead of <see cref="ClassName"/>.</summary>
    [RegularExpression("^(?:fs-[0-9a-f]{8,40})?$", ErrorMessage = "an EFS file system such as fs-0123456789abcdef0")]
    public string? EfsFileSystem { get; init; }

    [RegularExpression(ValueLimits.Quantity, ErrorMessage = ValueLimits.QuantityText)]
    public string Size { get; init; } = "20Gi";

    /// <summary>
    /// ReadWriteMany; ReadWriteOnce, which serves only where all pods share one machine; or Auto: ReadWriteMany, except on a cluster of one machine whose
    /// class offers ReadWriteOnce only. An existing claim keeps its own.
    /// </summary>
    [AllowedValues(AutomaticAccessMode, "ReadWriteMany", "ReadWriteOnce", ErrorMessage = "Auto, ReadWriteMany or ReadWriteOnce")]
    public string AccessMode { get; init; } = AutomaticAccessMode;

    /// <summary>True: no claim; a pod's data dies with it and nothing can be resumed elsewhere. Validation fails then.</summary>
    public bool Ephemeral { get; init; }
}
