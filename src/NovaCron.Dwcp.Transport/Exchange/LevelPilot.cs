using NovaCron.Dwcp.Codec;

namespace NovaCron.Dwcp.Transport.Exchange;

/// <summary>
/// Chooses the codec's level while an object is sent, for the shortest time end to end: as long as sending waits for the path, a denser level costs nothing; as soon as the path waits for
/// the codec, it costs everything. Pure: durations go in, a level comes out.
/// </summary>
internal sealed class LevelPilot
{
    private static readonly DwcpLevel[] Ladder = [DwcpLevel.Fast, DwcpLevel.Balanced, DwcpLevel.Dense];

    // Batches between two changes: what the last change brought must be seen first.
    private const int Patience = 4;

    // Between these shares of time in which sending waits for the path a level is right.
    private const double DenserAbove = 0.5;
    private const double FasterBelow = 0.15;

    // Data that Balanced makes this little smaller is not worth looking at closely.
    private const double Incompressible = 0.97;

    private int _step = 1;
    private int _batches;
    private double _waited;
    private double _encoded;
    private double _ratio = 1;
    private int _ceiling = Ladder.Length - 1;

    /// <summary>The level of the next batch.</summary>
    public DwcpLevel Level => Ladder[_step];

    /// <summary>A batch was sent.</summary>
    /// <param name="raw">Its bytes before coding.</param>
    /// <param name="coded">Its bytes on the wire.</param>
    /// <param name="encoding">Time that coding it took.</param>
    /// <param name="waiting">Time that handing it to the path took.</param>
    public void OnBatch(long raw, long coded, TimeSpan encoding, TimeSpan waiting)
    {
        if (raw <= 0) return;
        _encoded += encoding.TotalSeconds;
        _waited += waiting.TotalSeconds;
        _ratio += (((double)coded / raw) - _ratio) / 4;
        if (++_batches < Patience) return;
        var share = _waited / Math.Max(1e-9, _waited + _encoded);
        _batches = 0;
        _waited = _encoded = 0;
        if (_ratio > Incompressible)
        {
            _step = 0;
        }
        else if (share > DenserAbove && _step < _ceiling)
        {
            _step++;
        }
        else if (share < FasterBelow && _step > 0)
        {
            // It was too dense for this path: not again for this object, or it would swing between two levels.
            _ceiling = Math.Max(1, --_step);
        }
    }
}
