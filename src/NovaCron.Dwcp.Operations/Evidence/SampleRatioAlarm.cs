using System.Globalization;

namespace NovaCron.Dwcp.Operations.Evidence;

/// <summary>
/// Notices that sessions are not divided as the flag says: a split that does not work makes every comparison of the two versions worthless. Clients differ
/// in how many sessions they open, so a share of sessions is not exactly the share of clients: half to twice the odds is taken as normal. It raises an alarm
/// and never rolls back.
/// </summary>
public sealed class SampleRatioAlarm
{
    /// <summary>How many times the odds of the flag the odds of the sessions may be, and one over it.</summary>
    private const double Tolerance = 2;

    /// <summary>Probability of a false alarm per phase and direction.</summary>
    private const double Alpha = 0.001;

    private readonly RatioProcess _tooMany = new();
    private readonly RatioProcess _tooFew = new();

    /// <param name="percent">Percent of clients on v3, 1..99: at 100 there is nothing to divide.</param>
    public SampleRatioAlarm(int percent)
    {
        if (percent is < 1 or > 99) throw new ArgumentOutOfRangeException(nameof(percent), percent, "The percent is between 1 and 99.");
        Percent = percent;
    }

    public int Percent { get; }

    /// <summary>The division is not what the flag says.</summary>
    public bool IsRaised => Math.Max(_tooMany.LogValue, _tooFew.LogValue) >= -Math.Log(Alpha);

    public string Detail
    {
        get
        {
            var (v3, v1) = (_tooMany.Totals[1], _tooMany.Totals[3]);
            return string.Create(CultureInfo.InvariantCulture, $"{v3} of {v3 + v1} sessions were v3's ({(v3 + v1 == 0 ? 0 : 100d * v3 / (v3 + v1)):0.#} %), the flag is {Percent} %");
        }
    }

    /// <summary>Sessions started since the last check.</summary>
    public void Observe(long v3Sessions, long v1Sessions)
    {
        var all = v3Sessions + v1Sessions;
        if (all <= 0) return;
        // Trials in the proportion of the flag, many enough that sessions are rare among them.
        var (n3, n1) = (Percent * all, (100 - Percent) * all);
        _tooMany.Observe(n3, v3Sessions, n1, v1Sessions, Tolerance);
        _tooFew.Observe(n1, v1Sessions, n3, v3Sessions, Tolerance);
    }
}
