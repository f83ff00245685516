using NovaCron.Dwcp.Codec.Components;

namespace NovaCron.Dwcp.Transport.Datacenter;

/// <summary>What the bulk path did in this process; read as a part of ITP's metrics.</summary>
public static class DatacenterCounters
{
    private static long _sentBytes;
    private static long _verifiedBytes;
    private static long _authenticatedBytes;
    private static long _refused;
    private static long _creditWaits;
    private static long _resumedBytes;
    private static long _digests;
    private static long _socketStreams;
    private static long _ucxStreams;
    private static long _active;
    private static long _sharedMemory;
    private static long _tcp;
    private static long _verbs;
    private static long _registeredBytes;
    private static long _registrations;
    private static long _ucxFailures;

    /// <summary>The metrics now.</summary>
    public static IReadOnlyList<ComponentMetric> ReadMetrics() =>
    [
        new("dwcp_itp_bulk_sent_bytes_total", "Payload bytes sent by the bulk path.", ComponentMetricKind.Counter, Interlocked.Read(ref _sentBytes)),
        new("dwcp_itp_bulk_verified_bytes_total", "Payload bytes received by the bulk path and verified.", ComponentMetricKind.Counter, Interlocked.Read(ref _verifiedBytes)),
        new("dwcp_itp_bulk_authenticated_bytes_total", "Payload bytes verified by AES-GMAC as well.", ComponentMetricKind.Counter, Interlocked.Read(ref _authenticatedBytes)),
        new("dwcp_itp_bulk_refused_extents_total", "Extents whose checksum or tag did not match.", ComponentMetricKind.Counter, Interlocked.Read(ref _refused)),
        new("dwcp_itp_bulk_credit_waits_total", "Times that a sender had no credit and waited for the receiver.", ComponentMetricKind.Counter, Interlocked.Read(ref _creditWaits)),
        new("dwcp_itp_bulk_resumed_bytes_total", "Bytes that did not travel because a journal had them, and their hash proved it.", ComponentMetricKind.Counter, Interlocked.Read(ref _resumedBytes)),
        new("dwcp_itp_bulk_digests_total", "Objects whose cryptographic digest followed and matched.", ComponentMetricKind.Counter, Interlocked.Read(ref _digests)),
        new("dwcp_itp_bulk_socket_streams_total", "Bulk streams over plain sockets.", ComponentMetricKind.Counter, Interlocked.Read(ref _socketStreams)),
        new("dwcp_itp_bulk_ucx_streams_total", "Bulk streams over UCX.", ComponentMetricKind.Counter, Interlocked.Read(ref _ucxStreams)),
        new("dwcp_itp_bulk_ucx_shared_memory_streams_total", "Bulk streams over UCX that shared memory carried to their end.", ComponentMetricKind.Counter, Interlocked.Read(ref _sharedMemory)),
        new("dwcp_itp_bulk_ucx_tcp_streams_total", "Bulk streams over UCX that TCP carried to their end.", ComponentMetricKind.Counter, Interlocked.Read(ref _tcp)),
        new("dwcp_itp_bulk_ucx_verbs_streams_total", "Bulk streams over UCX that RDMA verbs carried to their end.", ComponentMetricKind.Counter, Interlocked.Read(ref _verbs)),
        new("dwcp_itp_bulk_registrations_total", "Regions that were registered with UCX for a bulk stream.", ComponentMetricKind.Counter, Interlocked.Read(ref _registrations)),
        new("dwcp_itp_bulk_registered_bytes", "Bytes that are registered with UCX now; a stream's are given back with it.", ComponentMetricKind.Gauge, Interlocked.Read(ref _registeredBytes)),
        new("dwcp_itp_bulk_ucx_failures_total", "Bulk streams that went another way because UCX could not be begun.", ComponentMetricKind.Counter, Interlocked.Read(ref _ucxFailures)),
        new("dwcp_itp_bulk_streams_active", "Bulk streams that run now.", ComponentMetricKind.Gauge, Interlocked.Read(ref _active)),
    ];

    internal static void ExtentSent(int bytes) => Interlocked.Add(ref _sentBytes, bytes);

    internal static void ExtentVerified(int bytes, bool authenticated)
    {
        Interlocked.Add(ref _verifiedBytes, bytes);
        if (authenticated) Interlocked.Add(ref _authenticatedBytes, bytes);
    }

    internal static void ExtentRefused() => Interlocked.Increment(ref _refused);

    internal static void CreditWaited() => Interlocked.Increment(ref _creditWaits);

    internal static void Resumed(long bytes) => Interlocked.Add(ref _resumedBytes, bytes);

    internal static void Digested() => Interlocked.Increment(ref _digests);

    internal static void StreamBegan(BulkCarrier carrier)
    {
        Interlocked.Increment(ref _active);
        if (carrier == BulkCarrier.Sockets) Interlocked.Increment(ref _socketStreams);
        else Interlocked.Increment(ref _ucxStreams);
    }

    /// <summary>A UCX stream ended well, and this is what carried it (<see cref="BulkReport.Transport"/>).</summary>
    internal static void Carried(string transport)
    {
        if (transport.StartsWith("shared memory", StringComparison.Ordinal)) Interlocked.Increment(ref _sharedMemory);
        else if (transport.StartsWith("TCP", StringComparison.Ordinal)) Interlocked.Increment(ref _tcp);
        else Interlocked.Increment(ref _verbs);
    }

    internal static void Registered(long bytes)
    {
        Interlocked.Increment(ref _registrations);
        Interlocked.Add(ref _registeredBytes, bytes);
    }

    internal static void UcxFailed() => Interlocked.Increment(ref _ucxFailures);

    internal static void Unregistered(long bytes) => Interlocked.Add(ref _registeredBytes, -bytes);

    internal static void StreamEnded() => Interlocked.Decrement(ref _active);
}
