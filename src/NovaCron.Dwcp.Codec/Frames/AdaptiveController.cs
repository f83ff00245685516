using System.Diagnostics;

namespace NovaCron.Dwcp.Codec.Frames;

/// <summary>
/// Chooses the level of the next block from who waited for whom: while the output is slower than the encoder there is time for a denser
/// level, while it is faster a lighter one loses less. Two agreeing blocks move it by one level, so that one hiccup does not.
/// </summary>
internal sealed class AdaptiveController(TimeProvider time)
{
    private const int Patience = 2;
    private long _encoding;
    private long _writing;
    private int _lean;

    public DwcpLevel Level { get; private set; } = DwcpLevel.Balanced;

    public long Now() => time.GetTimestamp();

    public void Encoded(long since) => _encoding += time.GetTimestamp() - since;

    /// <summary>Notes that a block was written, and decides.</summary>
    public void Written(long since)
    {
        _writing += time.GetTimestamp() - since;
        Debug.Assert(_writing >= 0 && _encoding >= 0, "A time provider never goes backwards.");
        _lean = _writing > 2 * _encoding ? Math.Max(_lean, 0) + 1 : _encoding > 2 * _writing ? Math.Min(_lean, 0) - 1 : 0;
        if (_lean >= Patience && Level < DwcpLevel.Max)
        {
            Level++;
            _lean = 0;
        }
        else if (_lean <= -Patience && Level > DwcpLevel.Fast)
        {
            Level--;
            _lean = 0;
        }

        _encoding = _writing = 0;
    }
}
