namespace NovaCron.Dwcp.Transport.Congestion;

/// <summary>
/// The largest of the values of the last few rounds, in constant space: the three-sample filter of Kathleen Nichols, as used
/// for bandwidth by BBR (draft-ietf-ccwg-bbr, section 5.5.5).
/// </summary>
/// <param name="window">Rounds that a value counts for; at least 1.</param>
internal struct WindowedMaximum(long window)
{
    private Sample _best;
    private Sample _second;
    private Sample _third;

    /// <summary>The largest value in the window; 0 before the first.</summary>
    public readonly double Value => _best.Value;

    /// <summary>Forgets everything but <paramref name="value"/>.</summary>
    public void Reset(long round, double value) => _best = _second = _third = new Sample(round, value);

    /// <summary>Takes the value of a round. Rounds never go backwards.</summary>
    public void Update(long round, double value)
    {
        if (value >= _best.Value || round - _third.Round > window)
        {
            Reset(round, value);
            return;
        }

        var sample = new Sample(round, value);
        if (value >= _second.Value) _third = _second = sample;
        else if (value >= _third.Value) _third = sample;

        if (round - _best.Round > window)
        {
            _best = _second;
            _second = _third;
            _third = sample;
            if (round - _best.Round > window)
            {
                _best = _second;
                _second = _third;
            }
        }
        else if (_second.Round == _best.Round && round - _best.Round > window / 4)
        {
            _second = _third = sample;
        }
        else if (_third.Round == _second.Round && round - _second.Round > window / 2)
        {
            _third = sample;
        }
    }

    private readonly record struct Sample(long Round, double Value);
}
