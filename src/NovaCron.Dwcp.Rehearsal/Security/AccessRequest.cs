namespace NovaCron.Dwcp.Rehearsal.Security;

/// <summary>What somebody wants to do.</summary>
/// <param name="Verb">Verb, such as <c>get</c>.</param>
/// <param name="Group">API group.</param>
/// <param name="Resource">Plural name; empty for a path.</param>
/// <param name="Subresource">Subresource, or empty.</param>
/// <param name="Namespace">Namespace, or empty for the cluster scope.</param>
/// <param name="Name">Name of the object, or empty.</param>
public sealed record AccessRequest(string Verb, string Group, string Resource, string Subresource, string Namespace, string Name)
{
    /// <summary>The path, when the request is for no resource.</summary>
    public string? Path { get; init; }

    /// <summary>Resource with its subresource, as rules name it.</summary>
    public string FullResource => Subresource.Length == 0 ? Resource : Resource + "/" + Subresource;

    /// <summary>The refusal of this request, in the real server's words.</summary>
    public Storage.ApiStatusException Refusal(ApiUser user)
    {
        if (Path is not null)
        {
            return new(403, "Forbidden", $"forbidden: User \"{user.Name}\" cannot {Verb} path \"{Path}\"");
        }
        var scope = Namespace.Length == 0 ? "at the cluster scope" : $"in the namespace \"{Namespace}\"";
        var qualified = Group.Length == 0 ? Resource : Resource + "." + Group;
        var subject = Name.Length == 0 ? qualified : $"{qualified} \"{Name}\"";
        return new(
            403, "Forbidden",
            $"{subject} is forbidden: User \"{user.Name}\" cannot {Verb} resource \"{FullResource}\" in API group \"{Group}\" {scope}")
        {
            ObjectName = Name, Group = Group, ObjectKind = Resource,
        };
    }
}
