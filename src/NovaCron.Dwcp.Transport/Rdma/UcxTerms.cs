using NovaCron.Dwcp.Transport.Datacenter;
using NovaCron.Dwcp.Transport.Protocol;

namespace NovaCron.Dwcp.Transport.Rdma;

/// <summary>What the sides of a bulk stream tell each other about UCX, inside the session.</summary>
/// <param name="SameMachine">True for a connection by worker address (shared memory), false for one by socket address.</param>
/// <param name="Messages">True when payload travels as messages, false when it is put into the receiver's memory.</param>
/// <param name="Transports">UCX_TLS for this stream, as the node decided.</param>
/// <param name="Worker">The receiver's worker, for the same machine.</param>
/// <param name="Region">The receiver's buffers and their key; empty when the sender speaks, and for messages.</param>
internal sealed record UcxTerms(bool SameMachine, bool Messages, string Transports, byte[] Worker, byte[] Region)
{
    private const int MaxTransports = 256;
    private const int SameMachineBit = 1;
    private const int MessagesBit = 2;

    public byte[] Write()
    {
        using var writer = new WireWriter();
        writer.Byte((byte)((SameMachine ? SameMachineBit : 0) | (Messages ? MessagesBit : 0))).Text(Transports).Number(Worker.Length).Bytes(Worker).Number(Region.Length).Bytes(Region);
        return writer.Written.ToArray();
    }

    public static UcxTerms Read(ReadOnlySpan<byte> bytes)
    {
        var reader = new WireReader(bytes);
        var how = reader.Byte();
        if ((how & ~(SameMachineBit | MessagesBit)) != 0) throw new DwcpProtocolException($"The peer's terms of UCX have the unknown bits {how}.");
        var transports = reader.Text("transports", MaxTransports);
        var worker = reader.Bytes(reader.Count("worker address", BulkLimits.MaxCarrierBytes)).ToArray();
        var region = reader.Bytes(reader.Count("region", BulkLimits.MaxCarrierBytes)).ToArray();
        reader.ExpectEnd("the terms of UCX");
        return new UcxTerms((how & SameMachineBit) != 0, (how & MessagesBit) != 0, transports, worker, region);
    }
}
