using System.Text.RegularExpressions;

namespace NovaCron.Dwcp.Transport.Rdma;

/// <summary>Reads what ucp_ep_print_info says about a connection's lanes.</summary>
internal static partial class UcxLanes
{
    // "#                 lane[0]:  3:sysv/memory.0 md[2]      -> md[2]/sysv/sysdev[255] rma_bw#0 am am_bw#0"
    [GeneratedRegex(@"lane\[\d+\]:\s+\d+:(?<transport>[\w-]+/[^\s]+?)(\.\d+)?\s+md")]
    private static partial Regex Lane();

    public static IReadOnlyList<string> Parse(string text) => [.. Lane().Matches(text).Select(m => m.Groups["transport"].Value).Distinct()];

    /// <summary>The transport in people's words.</summary>
    public static string Describe(IReadOnlyList<string> lanes)
    {
        var names = lanes.Select(l => l[..l.IndexOf('/')]).ToHashSet();
        string[] verbs = [.. names.Where(IsRdma).Order(StringComparer.Ordinal)];
        if (verbs.Length > 0) return $"{string.Join("+", verbs)} (UCX)";
        if (names.Overlaps(["posix", "sysv", "xpmem", "cma", "knem", "self"])) return "shared memory (UCX)";
        return names.Contains("tcp") ? "TCP (UCX)" : $"{string.Join("+", names.Order(StringComparer.Ordinal))} (UCX)";
    }

    public static bool IsRdma(string transport) => transport.StartsWith("rc", StringComparison.Ordinal) || transport.StartsWith("dc", StringComparison.Ordinal) || transport.StartsWith("ud", StringComparison.Ordinal);
}
