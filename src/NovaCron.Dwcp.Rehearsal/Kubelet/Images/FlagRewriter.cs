using System.Globalization;

namespace NovaCron.Dwcp.Rehearsal.Kubelet.Images;

/// <summary>Fits the flags of a Go program (<c>--name=value</c> or <c>--name value</c>) into a container's root and address.</summary>
internal static class FlagRewriter
{
    private const string ConfigurationFlag = "config.file";
    private const string ListenFlag = "web.listen-address";

    public static IEnumerable<string> Rewrite(
        ContainerContext context,
        IReadOnlyList<string> arguments,
        string configuration,
        (string Flag, string Default) storage,
        int port,
        IReadOnlyList<string> also)
    {
        var path = configuration;
        var storagePath = storage.Default;
        for (var i = 0; i < arguments.Count; i++)
        {
            var (name, value) = Flag(arguments[i]);
            if (name is ConfigurationFlag or ListenFlag || name == storage.Flag)
            {
                value ??= ++i < arguments.Count ? arguments[i] : "";
                switch (name)
                {
                    case ConfigurationFlag:
                        path = value;
                        break;
                    case ListenFlag:
                        port = int.Parse(value[(value.LastIndexOf(':') + 1)..], CultureInfo.InvariantCulture);
                        break;
                    default:
                        storagePath = value;
                        break;
                }
            }
            else
            {
                yield return value is null ? context.ResolveIfPresent(arguments[i]) : $"--{name}={context.ResolveIfPresent(value)}";
            }
        }
        Directory.CreateDirectory(context.Resolve(storagePath));
        yield return $"--{ConfigurationFlag}={RewrittenYaml.Refresh(context, path)}";
        yield return $"--{storage.Flag}={context.Resolve(storagePath)}";
        yield return $"--{ListenFlag}={context.PodAddress}:{port.ToString(CultureInfo.InvariantCulture)}";
        foreach (var argument in also)
        {
            yield return argument;
        }
    }

    private static (string? Name, string? Value) Flag(string argument)
    {
        if (!argument.StartsWith('-'))
        {
            return (null, null);
        }
        var name = argument.TrimStart('-');
        var equals = name.IndexOf('=');
        return equals < 0 ? (name, null) : (name[..equals], name[(equals + 1)..]);
    }
}
