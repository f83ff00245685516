using YamlDotNet.Core;

namespace NovaCron.Dwcp.Operations.Staging;

/// <summary>What YamlDotNet throws where a text is no YAML. Its scanner and tree builder fail with general exceptions, too, at directives and tags in places of their own.</summary>
internal static class YamlFailure
{
    public static bool IsMalformed(Exception e) => e is YamlException or InvalidOperationException or ArgumentException;

    /// <summary>The line, from 1; 0 where the exception does not know it.</summary>
    public static long LineOf(Exception e) => (e as YamlException)?.Start.Line ?? 0;
}
