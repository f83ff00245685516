namespace NovaCron.Dwcp.Rehearsal.Schemas;

/// <summary>What a field may hold.</summary>
public enum FieldKind
{
    /// <summary>Any JSON value.</summary>
    Any,

    /// <summary>An object with declared fields.</summary>
    Object,

    /// <summary>An object whose keys are data.</summary>
    Map,

    /// <summary>A list.</summary>
    List,

    /// <summary>Text.</summary>
    Text,

    /// <summary>A 32-bit whole number.</summary>
    Int32,

    /// <summary>A 64-bit whole number.</summary>
    Int64,

    /// <summary>A real number.</summary>
    Number,

    /// <summary>True or false.</summary>
    Boolean,

    /// <summary>A whole number or text, as ports are.</summary>
    IntOrText,

    /// <summary>An amount with a unit, such as <c>100m</c> or <c>1Gi</c>; written as text or number.</summary>
    Quantity,

    /// <summary>A time in RFC 3339.</summary>
    Time,

    /// <summary>Bytes in base64.</summary>
    Bytes,
}
