using NovaCron.Dwcp.Transport.Files;

namespace NovaCron.Dwcp.Transport.Storage;

/// <summary>A pack that this process writes, with its journal.</summary>
internal sealed class Pack(string name, int number, IStoreFile data, IStoreFile journal) : IDisposable
{
    public string Name { get; } = name;

    public int Number { get; } = number;

    public IStoreFile Data { get; } = data;

    public IStoreFile Journal { get; } = journal;

    /// <summary>Bytes of the pack that are durable and journalled.</summary>
    public long DataLength { get; set; } = PackFormat.HeaderBytes;

    public long JournalLength { get; set; } = PackFormat.HeaderBytes;

    public void Dispose()
    {
        Data.Dispose();
        Journal.Dispose();
    }
}
