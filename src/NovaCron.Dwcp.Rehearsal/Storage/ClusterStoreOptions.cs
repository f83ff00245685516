namespace NovaCron.Dwcp.Rehearsal.Storage;

/// <summary>How the store of a rehearsal cluster behaves.</summary>
public sealed record ClusterStoreOptions
{
    /// <summary>Clock of creation and deletion times.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>How many of the last changes a watch may start from; older starts are refused with 410 Gone. At least 1.</summary>
    public int HistoryLimit { get; init; } = 8192;

    /// <summary>First two octets of Service addresses; real loopback addresses, so that a proxy can listen on them.</summary>
    public string ServiceAddressPrefix { get; init; } = "127.50";
}
