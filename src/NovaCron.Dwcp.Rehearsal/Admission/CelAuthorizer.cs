using NovaCron.Dwcp.Rehearsal.Cel;
using NovaCron.Dwcp.Rehearsal.Security;

namespace NovaCron.Dwcp.Rehearsal.Admission;

/// <summary>
/// The variable <c>authorizer</c> of admission policies:
/// <c>authorizer.group("g").resource("r").subresource("s").namespace("ns").name("n").check("verb").allowed()</c>.
/// </summary>
internal sealed record CelAuthorizer(Authorizer Authorizer, ApiUser User) : ICelObject
{
    private AccessRequest Request { get; init; } = new("", "", "", "", "", "");

    /// <inheritdoc/>
    public object? Call(string method, IReadOnlyList<object?> arguments) => (method, arguments) switch
    {
        ("group", [string group]) => this with { Request = Request with { Group = group } },
        ("resource", [string resource]) => this with { Request = Request with { Resource = resource } },
        ("subresource", [string subresource]) => this with { Request = Request with { Subresource = subresource } },
        ("namespace", [string ns]) => this with { Request = Request with { Namespace = ns } },
        ("name", [string name]) => this with { Request = Request with { Name = name } },
        ("path", [string path]) => this with { Request = Request with { Path = path } },
        ("check", [string verb]) => this with { Request = Request with { Verb = verb } },
        ("serviceAccount", [string ns, string name]) => this with
        {
            User = new($"system:serviceaccount:{ns}:{name}", ["system:serviceaccounts", "system:serviceaccounts:" + ns, "system:authenticated"]),
        },
        ("allowed", []) => Authorizer.Allows(User, Request) is not null,
        ("reason", []) => Authorizer.Allows(User, Request) ?? "",
        _ => throw new CelException($"found no matching overload for '{method}' of authorizer"),
    };
}
