namespace NovaCron.Dwcp.Rehearsal.Cel;

/// <summary>A parsed expression.</summary>
internal abstract record CelNode
{
    public sealed record Literal(object? Value) : CelNode;

    public sealed record Variable(string Name) : CelNode;

    /// <summary><c>target.field</c>; inside <c>has()</c> only its presence counts.</summary>
    public sealed record Select(CelNode Target, string Field) : CelNode;

    public sealed record Index(CelNode Target, CelNode At) : CelNode;

    /// <summary>Functions, methods and operators; operators are named by their symbol.</summary>
    public sealed record Call(string Name, CelNode? Target, IReadOnlyList<CelNode> Arguments) : CelNode;

    public sealed record List(IReadOnlyList<CelNode> Items) : CelNode;

    public sealed record Map(IReadOnlyList<(CelNode Key, CelNode Value)> Entries) : CelNode;
}
