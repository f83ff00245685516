namespace NovaCron.Dwcp.Node.Configuration;

/// <summary>Finds a Service's host: by the standard service links of the environment when they are set, else the name itself for DNS.</summary>
public static class ServiceAddress
{
    /// <param name="host">Name as configured: <c>a-b</c>, <c>a-b.namespace</c>, <c>a-b.namespace.svc</c>, or an address.</param>
    /// <param name="ownNamespace">Namespace of this pod; links exist only for its Services.</param>
    /// <param name="environment">Value of a variable, or null when it is not set.</param>
    public static string Resolve(string host, string ownNamespace, Func<string, string?> environment)
    {
        var labels = host.Split('.');
        if (labels.Length > 1 && labels[1] != ownNamespace) return host;
        var linked = environment($"{labels[0].Replace('-', '_').ToUpperInvariant()}_SERVICE_HOST");
        return string.IsNullOrEmpty(linked) ? host : linked;
    }
}
