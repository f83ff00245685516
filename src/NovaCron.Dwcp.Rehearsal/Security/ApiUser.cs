namespace NovaCron.Dwcp.Rehearsal.Security;

/// <summary>Who makes a request.</summary>
/// <param name="Name">User name, such as <c>alice</c> or <c>system:serviceaccount:staging:dwcp-v3</c>.</param>
/// <param name="Groups">Groups that the user is in.</param>
public sealed record ApiUser(string Name, IReadOnlyList<string> Groups)
{
    /// <summary>The group whose members may do everything.</summary>
    public const string Masters = "system:masters";

    /// <summary>Unique id, for service accounts.</summary>
    public string Uid { get; init; } = "";

    /// <summary>Further attributes, such as the pod to which a token is bound.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Extra { get; init; } = new Dictionary<string, IReadOnlyList<string>>();

    /// <summary>Nobody: a request without credentials.</summary>
    public static ApiUser Anonymous { get; } = new("system:anonymous", ["system:unauthenticated"]);
}
