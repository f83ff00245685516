using System.Net;
using NovaCron.Dwcp.Transport.Datacenter;
using NovaCron.Dwcp.Transport.Protocol;

namespace NovaCron.Dwcp.Transport.Rdma;

/// <summary>What a worker process is to do: everything it ever knows.</summary>
internal sealed record BulkJob
{
    /// <summary>True to receive into the file, false to send from it.</summary>
    public required bool Receives { get; init; }

    public required bool SameMachine { get; init; }

    public required string Transports { get; init; }

    /// <summary>True when payload travels as messages.</summary>
    public bool Messages => UcxChoice.UsesMessages(SameMachine, Transports);

    public required IPAddress Local { get; init; }

    public required IPAddress Peer { get; init; }

    public required int Port { get; init; }

    public required byte[] Key { get; init; }

    public required TimeSpan ConnectTimeout { get; init; }

    /// <summary>The partial file, or the pack to send from.</summary>
    public required string File { get; init; }

    /// <summary>The partial file's journal; empty for a sender.</summary>
    public required string Journal { get; init; }

    public required long JournalLength { get; init; }

    public required long Bytes { get; init; }

    /// <summary>A receiver's; a sender hears it from its peer.</summary>
    public required ExtentMap Map { get; init; }

    public void Write(WireWriter writer)
    {
        writer.Byte(Receives ? (byte)1 : (byte)0).Byte(SameMachine ? (byte)1 : (byte)0).Text(Transports).Text(Local.ToString()).Text(Peer.ToString()).Number(Port);
        writer.Number(Key.Length).Bytes(Key).Number((long)ConnectTimeout.TotalMilliseconds).Text(File).Text(Journal).Number(JournalLength).Number(Bytes);
        Map.Write(writer);
    }

    public static BulkJob Read(ReadOnlySpan<byte> payload)
    {
        var reader = new WireReader(payload);
        var receives = reader.Byte() == 1;
        var same = reader.Byte() == 1;
        var transports = reader.Text("transports", 256);
        var local = IPAddress.Parse(reader.Text("local address", 64));
        var peer = IPAddress.Parse(reader.Text("peer address", 64));
        var port = reader.Count("port", ushort.MaxValue);
        var key = reader.Bytes(reader.Count("key", BulkLimits.KeyBytes)).ToArray();
        var timeout = TimeSpan.FromMilliseconds(reader.Number("timeout", int.MaxValue));
        var file = reader.Text("file", RelativePath.MaxBytes);
        var journal = reader.Text("journal", RelativePath.MaxBytes);
        var journalLength = reader.Number("journal length", long.MaxValue);
        var bytes = reader.Number("bytes", long.MaxValue);
        return new BulkJob
        {
            Receives = receives,
            SameMachine = same,
            Transports = transports,
            Local = local,
            Peer = peer,
            Port = port,
            Key = key,
            ConnectTimeout = timeout,
            File = file,
            Journal = journal,
            JournalLength = journalLength,
            Bytes = bytes,
            Map = ExtentMap.Read(ref reader, bytes),
        };
    }
}
