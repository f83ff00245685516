using System.Globalization;
using System.Net;
using System.Reflection;
using NovaCron.Dwcp.Node.Secrets;
using NovaCron.Dwcp.Transport.Datacenter;
using NovaCron.Dwcp.Transport.Rdma;

namespace NovaCron.Dwcp.Node.Configuration;

/// <summary>Everything that the node reads from its environment. Flag and ceiling are not here: they are watched (see Flags).</summary>
public sealed record NodeOptions
{
    /// <summary>Well-known places.</summary>
    public required NodePaths Paths { get; init; }

    /// <summary>Name of this pod, for logs and sessions.</summary>
    public required string PodName { get; init; }

    /// <summary>Namespace of this pod, in which the ConfigMap and the Lease are looked up.</summary>
    public required string Namespace { get; init; }

    /// <summary>Address of this pod in the cluster's network, which its siblings are told; null: they are not.</summary>
    public IPAddress? PodAddress { get; init; }

    /// <summary>Address to listen on.</summary>
    public IPAddress BindAddress { get; init; } = IPAddress.Any;

    /// <summary>Port of health and session opening; 0 lets the system choose.</summary>
    public int HttpPort { get; init; } = 8080;

    /// <summary>Port of flags and diagnostics; 0 lets the system choose.</summary>
    public int AdminPort { get; init; } = 8081;

    /// <summary>Port of the metrics; 0 lets the system choose.</summary>
    public int MetricsPort { get; init; } = 9090;

    /// <summary>Port of the data sessions; 0 lets the system choose.</summary>
    public int DataPort { get; init; } = 7420;

    /// <summary>host:port that <c>POST /sessions</c> hands out; null: the host that the client asked, and the data port.</summary>
    public string? DataAddress { get; init; }

    /// <summary>Least severe level that is logged.</summary>
    public LogLevel LogLevel { get; init; } = LogLevel.Information;

    /// <summary>The cache, or null for none.</summary>
    public RedisAddress? Redis { get; init; }

    /// <summary>Kind of paths served.</summary>
    public NodeMode Mode { get; init; } = NodeMode.Hybrid;

    /// <summary>Version that the operator deployed; the build's own by default.</summary>
    public string Version { get; init; } = BuildVersion;

    /// <summary>True in a rehearsal: faults can be injected, and diagnostics say so.</summary>
    public bool Rehearsal { get; init; }

    /// <summary>True where a client with the diagnostics key may force a v3 session: staging only.</summary>
    public bool AllowsCanary { get; init; }

    /// <summary>Time that running sessions get after SIGTERM. Must be below the pod's terminationGracePeriodSeconds.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(25);

    /// <summary>Whom the bulk path is offered, or null for nobody.</summary>
    public DatacenterPolicy? Datacenter { get; init; }

    /// <summary>Expanded bytes that each principal may keep, or null for no limit.</summary>
    public long? QuotaBytes { get; init; }

    /// <summary>Whether the node speaks v1; false in a build without it.</summary>
    public bool HasV1 { get; init; } = BuiltWithV1;

    /// <summary>True on a machine without a cluster: no flag is followed, so everybody is on v3.</summary>
    public bool Standalone { get; init; }

    /// <summary>The Kubernetes API server, or null outside of a cluster.</summary>
    public Uri? ApiServer { get; init; }

    /// <summary>Version of this build.</summary>
    public static string BuildVersion { get; } =
        typeof(NodeOptions).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    /// <summary>Whether this build holds DWCP v1.</summary>
    public static bool BuiltWithV1 =>
#if DWCP_V1
        true;
#else
        false;
#endif

    /// <summary>Reads the options.</summary>
    /// <param name="environment">Value of a variable, or null when it is not set.</param>
    /// <exception cref="DwcpNodeException">A variable is missing or malformed; the message names it, its value and what is allowed.</exception>
    public static NodeOptions FromEnvironment(Func<string, string?> environment)
    {
        string? Read(string name) => environment(name) is { } value && value.Trim().Length > 0 ? value.Trim() : null;

        var paths = new NodePaths(Read("DWCP_ROOT"));
        var standalone = ReadSwitch("DWCP_STANDALONE", Read("DWCP_STANDALONE"));
        var podNamespace = Read("DWCP_POD_NAMESPACE") ?? ReadNamespaceFile(paths) ?? (standalone ? "standalone" : null)
            ?? throw new DwcpNodeException("DWCP_POD_NAMESPACE is not set and there is no service-account namespace file. Set it from metadata.namespace (downward API).");
        return new NodeOptions
        {
            Paths = paths,
            PodName = Read("DWCP_POD_NAME") ?? (standalone ? Environment.MachineName : null) ?? throw new DwcpNodeException("DWCP_POD_NAME is not set. Set it from metadata.name (downward API)."),
            Namespace = podNamespace,
            PodAddress = Read("DWCP_POD_IP") is { } own
                ? IPAddress.TryParse(own, out var ownAddress) ? ownAddress : throw Malformed("DWCP_POD_IP", own, "an IP address (downward API, status.podIP)")
                : null,
            BindAddress = Read("DWCP_BIND_ADDRESS") is { } bind
                ? IPAddress.TryParse(bind, out var address) ? address : throw Malformed("DWCP_BIND_ADDRESS", bind, "an IP address")
                : IPAddress.Any,
            HttpPort = ReadPort(Read, "PORT", 8080),
            AdminPort = ReadPort(Read, "DWCP_ADMIN_PORT", 8081),
            MetricsPort = ReadPort(Read, "PROMETHEUS_PORT", 9090),
            DataPort = ReadPort(Read, "DWCP_DATA_PORT", 7420),
            DataAddress = Read("DWCP_DATA_ADDRESS"),
            LogLevel = ReadLogLevel(Read("LOG_LEVEL")),
            Redis = ReadRedis(Read("REDIS_URL")),
            Mode = ReadMode(Read("DWCP_MODE")),
            Version = Read("DWCP_VERSION") ?? BuildVersion,
            Rehearsal = Read("DWCP_REHEARSAL") == "1",
            AllowsCanary = podNamespace != "production" && (Read("DWCP_ENVIRONMENT") ?? podNamespace) == "staging",
            Grace = ReadGrace(Read("DWCP_GRACE_SECONDS")),
            Datacenter = ReadDatacenter(Read),
            QuotaBytes = ReadQuota(Read("DWCP_QUOTA_BYTES")),
            Standalone = standalone,
            HasV1 = ReadProtocols(Read("DWCP_PROTOCOLS"), standalone),
            ApiServer = standalone ? null : ReadApiServer(Read("KUBERNETES_SERVICE_HOST"), Read("KUBERNETES_SERVICE_PORT")),
        };
    }

    private static string? ReadNamespaceFile(NodePaths paths)
    {
        var file = Path.Combine(paths.ServiceAccount, "namespace");
        return File.Exists(file) ? SecretText.Read(file) : null;
    }

    private static int ReadPort(Func<string, string?> read, string name, int fallback) => read(name) switch
    {
        null => fallback,
        var text when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port <= 65535 => port,
        var text => throw Malformed(name, text, "a port, 0..65535 (0: the system chooses)"),
    };

    private static LogLevel ReadLogLevel(string? text) => text?.ToLowerInvariant() switch
    {
        null or "info" or "information" => LogLevel.Information,
        "trace" => LogLevel.Trace,
        "debug" => LogLevel.Debug,
        "warn" or "warning" => LogLevel.Warning,
        "error" => LogLevel.Error,
        _ => throw Malformed("LOG_LEVEL", text, "trace, debug, info, warn or error"),
    };

    private static NodeMode ReadMode(string? text) => text switch
    {
        null or "hybrid" => NodeMode.Hybrid,
        "datacenter" => NodeMode.Datacenter,
        "internet" => NodeMode.Internet,
        _ => throw Malformed("DWCP_MODE", text, "hybrid, datacenter or internet"),
    };

    private static long? ReadQuota(string? text) =>
        text is null ? null
        : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var bytes) && bytes > 0 ? bytes
        : throw Malformed("DWCP_QUOTA_BYTES", text, "a number of bytes above 0; leave it out for no limit");

    private static RedisAddress? ReadRedis(string? text)
    {
        if (text is null) return null;
        var colon = text.LastIndexOf(':');
        if (colon <= 0 || text.Contains('/') || !int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port is 0 or > 65535)
            // Not echoed: somebody may have written a password into it.
            throw new DwcpNodeException("REDIS_URL is malformed: it must be host:port, such as dwcp-v3-redis:6379. The password belongs into the Secret, not here.");
        return new RedisAddress(text[..colon], port);
    }

    private static bool ReadProtocols(string? text, bool standalone) => text switch
    {
        null => BuiltWithV1 && !standalone,
        "3" => false,
        "1,3" when standalone => throw new DwcpNodeException("DWCP_PROTOCOLS is '1,3', but DWCP_STANDALONE is 1: without a cluster there is no flag that splits clients between versions. Set it to 3."),
        "1,3" => BuiltWithV1 ? true : throw new DwcpNodeException("DWCP_PROTOCOLS is '1,3', but this build has no v1. Use an image with v1, or set it to 3."),
        _ => throw Malformed("DWCP_PROTOCOLS", text, "1,3 or 3"),
    };

    private static TimeSpan ReadGrace(string? text) => text switch
    {
        null => TimeSpan.FromSeconds(25),
        _ when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds is >= 1 and <= 3600 => TimeSpan.FromSeconds(seconds),
        _ => throw Malformed("DWCP_GRACE_SECONDS", text, "whole seconds, 1..3600"),
    };

    private static bool ReadSwitch(string name, string? text) => text switch
    {
        null or "0" => false,
        "1" => true,
        _ => throw Malformed(name, text, "0 or 1"),
    };

    // Payload in clear only where somebody wrote down that it may be: no networks, no bulk path.
    private static DatacenterPolicy? ReadDatacenter(Func<string, string?> read)
    {
        if (read("DWCP_BULK_NETWORKS") is not { } networks) return null;
        var (first, last) = read("DWCP_BULK_PORTS") is { } ports ? Parse("DWCP_BULK_PORTS", ports, DatacenterPolicy.ParsePorts, "a range of ports, such as 7430-7461") : (0, 0);
        return new DatacenterPolicy
        {
            Networks = Parse("DWCP_BULK_NETWORKS", networks, DatacenterPolicy.ParseNetworks, "networks with their prefixes, such as 10.1.0.0/16,fd00::/8"),
            FirstPort = first,
            LastPort = last,
            RdmaIdentities = read("DWCP_RDMA_IDENTITIES")?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).ToHashSet() ?? [],
            WorkerCommand = WorkerCommand(),
            UcxTransports = read("DWCP_UCX_TLS"),
            RequireRdma = ReadSwitch("DWCP_REQUIRE_RDMA", read("DWCP_REQUIRE_RDMA")),
            Authenticate = read("DWCP_BULK_AUTHENTICATION") switch
            {
                null or "required" => true,
                "off" => false,
                var text => throw Malformed("DWCP_BULK_AUTHENTICATION", text, "required or off"),
            },
        };
    }

    // This program again, with another verb.
    private static string[] WorkerCommand() => Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet"
        ? [Environment.ProcessPath!, typeof(NodeOptions).Assembly.Location, BulkWorker.Verb]
        : [Environment.ProcessPath!, BulkWorker.Verb];

    private static T Parse<T>(string name, string text, Func<string, T> parse, string allowed)
    {
        try
        {
            return parse(text);
        }
        catch (FormatException)
        {
            throw Malformed(name, text, allowed);
        }
    }

    private static Uri? ReadApiServer(string? host, string? port)
    {
        if (host is null) return null;
        var authority = host.Contains(':') ? $"[{host}]" : host;
        return Uri.TryCreate($"https://{authority}:{port ?? "443"}", UriKind.Absolute, out var uri)
            ? uri
            : throw Malformed("KUBERNETES_SERVICE_HOST/KUBERNETES_SERVICE_PORT", $"{host}:{port}", "the API server's address, as the kubelet sets it");
    }

    private static DwcpNodeException Malformed(string name, string value, string allowed) => new($"{name} is '{value}', but must be {allowed}.");
}
