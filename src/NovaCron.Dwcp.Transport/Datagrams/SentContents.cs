namespace NovaCron.Dwcp.Transport.Datagrams;

/// <summary>What each packet in flight carried and must be sent again if it is lost: a ring by packet number beside the ledger's.</summary>
internal sealed class SentContents
{
    private Slot[] _ring = new Slot[1024];
    private long _oldest;

    public void Add(long number, in Content content)
    {
        ref var slot = ref SlotFor(number);
        if (slot.Number != number)
        {
            slot.Number = number;
            slot.First = content;
            slot.More?.Clear();
            slot.Count = 1;
            return;
        }

        slot.Count++;
        (slot.More ??= []).Add(content);
    }

    /// <summary>Takes out what a packet carried, in the order it was added.</summary>
    /// <param name="number">The packet.</param>
    /// <param name="into">Cleared and filled: a list that the caller keeps, because this runs for every packet.</param>
    public void Take(long number, List<Content> into)
    {
        into.Clear();
        ref var slot = ref _ring[number & (_ring.Length - 1)];
        if (slot.Number != number || slot.Count == 0) return;
        into.Add(slot.First);
        if (slot.More is { Count: > 0 } more)
        {
            into.AddRange(more);
            more.Clear();
        }

        slot.First = default;
        slot.Count = 0;
    }

    /// <summary>The oldest number that may still be asked for.</summary>
    public void ForgetBefore(long number) => _oldest = Math.Max(_oldest, number);

    private ref Slot SlotFor(long number)
    {
        while (number - _oldest >= _ring.Length) Grow();
        return ref _ring[number & (_ring.Length - 1)];
    }

    private void Grow()
    {
        var larger = new Slot[_ring.Length * 2];
        foreach (var slot in _ring)
        {
            if (slot.Count > 0) larger[slot.Number & (larger.Length - 1)] = slot;
        }

        for (var i = 0; i < larger.Length; i++)
        {
            if (larger[i].Count == 0) larger[i].Number = -1;
        }

        _ring = larger;
    }

    /// <summary>One retransmittable piece.</summary>
    /// <param name="Kind">The frame.</param>
    /// <param name="Stream">Its stream, if it has one.</param>
    /// <param name="Value">Offset for stream bytes; the largest number covered for an acknowledgement.</param>
    /// <param name="Length">Bytes, for stream bytes.</param>
    public readonly record struct Content(FrameKind Kind, DatagramStream? Stream, long Value, int Length);

    private struct Slot
    {
        public long Number;
        public Content First;
        public List<Content>? More;
        public int Count;
    }
}
