namespace NovaCron.Dwcp.Rehearsal.Schemas;

/// <summary>How the elements of a list are told apart when several writers own parts of it.</summary>
public enum ListTopology
{
    /// <summary>The list is one value.</summary>
    Atomic,

    /// <summary>Each distinct scalar is an element.</summary>
    Set,

    /// <summary>Elements are objects, identified by their key fields.</summary>
    Map,
}
