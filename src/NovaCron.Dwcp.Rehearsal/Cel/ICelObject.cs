namespace NovaCron.Dwcp.Rehearsal.Cel;

/// <summary>A value with methods of its own.</summary>
internal interface ICelObject
{
    /// <exception cref="CelException">There is no such method.</exception>
    object? Call(string method, IReadOnlyList<object?> arguments);
}
