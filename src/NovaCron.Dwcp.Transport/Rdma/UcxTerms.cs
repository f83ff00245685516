using NovaCron.Dwcp.Transport.Datacenter;
using NovaCron.Dwcp.Transport.Protocol;

namespace NovaCron.Dwcp.Transport.Rdma;

/// <summary>What the sides of a bulk stream tell each other about UCX, inside the session.</summary>
/// <param name="SameMachine">True for a connection by worker address (shared memory), false for one by socket address.</param>
/// <param name="Transports">UCX_TLS for this stream, as the node decided.</param>
/// <param name="Worker">The receiver's worker, for the same machine.</param>
/// <param name="Region">The receiver's buffers and their key; empty when the sender speaks.</param>
internal sealed record UcxTerms(bool SameMachine, string Transports, byte[] Worker, byte[] Region)
{
    private const int MaxTransports = 256;

    public byte[] Write()
    {
        using var writer = new WireWriter();
        writer.Byte(SameMachine ? (byte)1 : (byte)0).Text(Transports).Number(Worker.Length).Bytes(Worker).Number(Region.Length).Bytes(Region);
        return writer.Written.ToArray();
    }

    public static UcxTerms Read(ReadOnlySpan<byte> bytes)
    {
        var reader = new WireReader(bytes);
        var same = reader.Byte() == 1;
        var transports = reader.Text("transports", MaxTransports);
        var worker = reader.Bytes(reader.Count("worker address", BulkLimits.MaxCarrierBytes)).ToArray();
        var region = reader.Bytes(reader.Count("region", BulkLimits.MaxCarrierBytes)).ToArray();
        reader.ExpectEnd("the terms of UCX");
        return new UcxTerms(same, transports, worker, region);
    }
}
