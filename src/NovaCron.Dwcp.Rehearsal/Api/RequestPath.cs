namespace NovaCron.Dwcp.Rehearsal.Api;

/// <summary>A URL path, read as the Kubernetes API reads it.</summary>
/// <param name="Group">API group; empty for the core group.</param>
/// <param name="Version">API version; empty when the path ends before it.</param>
/// <param name="Namespace">Namespace, or empty.</param>
/// <param name="Resource">Plural name; empty for a path of no resource.</param>
/// <param name="Name">Name of the object, or empty.</param>
/// <param name="Subresource">Subresource, or empty.</param>
/// <param name="Rest">What follows the subresource, with its leading slash, or empty.</param>
internal sealed record RequestPath(
    string Group, string Version, string Namespace, string Resource, string Name, string Subresource, string Rest)
{
    private static readonly RequestPath None = new("", "", "", "", "", "", "");

    public bool IsResource => Resource.Length > 0;

    public static RequestPath Parse(string path)
    {
        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        int next;
        string group, version;
        switch (parts)
        {
            case ["api", var v, _, ..]:
                (group, version, next) = ("", v, 2);
                break;
            case ["apis", var g, var v, _, ..]:
                (group, version, next) = (g, v, 3);
                break;
            default:
                return None;
        }
        var ns = "";
        // /namespaces/{ns}/{resource}…; but /namespaces/{name}[/status|/finalize] is the namespace itself.
        if (parts[next] == "namespaces" && parts.Length > next + 2 && parts[next + 2] is not ("status" or "finalize"))
        {
            (ns, next) = (parts[next + 1], next + 2);
        }
        string At(int index) => index < parts.Length ? parts[index] : "";

        var rest = parts.Length > next + 3 ? "/" + string.Join('/', parts[(next + 3)..]) + (path.EndsWith('/') ? "/" : "") : "";
        if (rest.Length == 0 && At(next + 2) == "proxy" && path.EndsWith('/'))
        {
            rest = "/";
        }
        return new(group, version, ns, parts[next], At(next + 1), At(next + 2), rest);
    }
}
