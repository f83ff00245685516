using System.Globalization;
using System.Net;

namespace NovaCron.Dwcp.Transport.Datacenter;

/// <summary>Whom a node offers the bulk path, and how its payload is protected there. Without a policy there is no bulk path.</summary>
public sealed record DatacenterPolicy
{
    /// <summary>Networks on which payload may travel in clear. A peer from elsewhere gets the session itself.</summary>
    public required IReadOnlyList<IPNetwork> Networks { get; init; }

    /// <summary>True has every piece authenticated by AES-256-GMAC under a key of the session; false trusts the named networks not to change payload.</summary>
    public bool Authenticate { get; init; } = true;

    /// <summary>Principals that may use UCX. They must have presented a client certificate: UCX lets a peer name addresses, so it is for known machines only.</summary>
    public IReadOnlySet<string> RdmaIdentities { get; init; } = new HashSet<string>();

    /// <summary>
    /// Program and arguments that run <see cref="Rdma.BulkWorker"/>: UCX is only ever spoken in such a process. Empty: no UCX.
    /// </summary>
    public IReadOnlyList<string> WorkerCommand { get; init; } = [];

    /// <summary>UCX_TLS for every stream, such as <c>tcp,self</c>; null chooses by where the peer is and what devices there are.</summary>
    public string? UcxTransports { get; init; }

    /// <summary>True refuses everything less than RDMA verbs.</summary>
    public bool RequireRdma { get; init; }

    /// <summary>What may carry payload.</summary>
    public BulkCarrier Carriers { get; init; } = BulkCarrier.Sockets | BulkCarrier.Ucx;

    /// <summary>First port to listen on for payload; 0 lets the system choose any.</summary>
    public int FirstPort { get; init; }

    /// <summary>Last port to listen on for payload.</summary>
    public int LastPort { get; init; }

    /// <summary>Time for a peer that was answered to open the payload's connection.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>True when payload may travel in clear between here and that address.</summary>
    public bool Covers(IPAddress peer)
    {
        ArgumentNullException.ThrowIfNull(peer);
        var plain = PayloadListener.Plain(peer);
        return Networks.Any(n => n.Contains(plain));
    }

    /// <summary>Reads networks: <c>10.1.0.0/16,fd00::/8</c>.</summary>
    /// <exception cref="FormatException">A part is no network; the message names it.</exception>
    public static IReadOnlyList<IPNetwork> ParseNetworks(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return [.. text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(part => IPNetwork.TryParse(part, out var network)
            ? network
            : throw new FormatException($"'{part}' is no network. Write it with its prefix: 10.1.0.0/16."))];
    }

    /// <summary>Reads a range of ports: <c>7430-7461</c>, or one port.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static (int First, int Last) ParsePorts(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var parts = text.Split('-', 2, StringSplitOptions.TrimEntries);
        return int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var first)
            && int.TryParse(parts[^1], NumberStyles.None, CultureInfo.InvariantCulture, out var last)
            && first is > 0 and <= ushort.MaxValue && last >= first && last <= ushort.MaxValue
            ? (first, last)
            : throw new FormatException($"'{text}' is no range of ports, such as 7430-7461.");
    }
}
