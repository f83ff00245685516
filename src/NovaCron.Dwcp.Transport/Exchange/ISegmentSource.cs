using NovaCron.Dwcp.Transport.Objects;

namespace NovaCron.Dwcp.Transport.Exchange;

/// <summary>Makes the segments of one object, in order.</summary>
internal interface ISegmentSource
{
    /// <summary>The hash of what was made so far; of the whole object once <see cref="ReadSegments"/> ended.</summary>
    ObjectHasher Hasher { get; }

    /// <summary>The segments. Blocking: runs on a thread of its own. Whoever takes a segment disposes it.</summary>
    IEnumerable<SegmentDraft> ReadSegments(CancellationToken cancellationToken);
}
