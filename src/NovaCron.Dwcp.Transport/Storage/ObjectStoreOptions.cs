namespace NovaCron.Dwcp.Transport.Storage;

/// <summary>Sizes and times of an <see cref="ObjectStore"/>.</summary>
public sealed record ObjectStoreOptions
{
    /// <summary>A group commit begins at latest when so many bytes wait; as many again may gather while it runs. Bytes.</summary>
    public int CommitBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>A group commit begins at latest when its first byte has waited so long.</summary>
    public TimeSpan CommitInterval { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>A pack is closed and another begun at this size, bytes.</summary>
    public long PackBytes { get; init; } = 1L << 30;

    /// <summary>Expanded bytes that a principal may keep; null for no limit.</summary>
    public long? QuotaBytes { get; init; }

    /// <summary>Quotas of single principals that differ from <see cref="QuotaBytes"/>, bytes.</summary>
    public IReadOnlyDictionary<string, long> PrincipalQuotas { get; init; } = new Dictionary<string, long>();

    /// <summary>Entries (files, directories, links) of all objects that a principal is sending at one moment; about 100 bytes of memory each.</summary>
    public int MaxReceivingEntries { get; init; } = 4_000_000;

    /// <summary>Chunks that no object references are kept so long for a transfer to resume.</summary>
    public TimeSpan ResumeRetention { get; init; } = TimeSpan.FromHours(24);

    /// <summary>Time between announcing that a pack is dead and deleting it; far above any cache of a network file system.</summary>
    public TimeSpan ReclaimGrace { get; init; } = TimeSpan.FromHours(1);

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
