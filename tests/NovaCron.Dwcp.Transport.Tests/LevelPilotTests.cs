using NovaCron.Dwcp.Codec;
using NovaCron.Dwcp.Transport.Exchange;

namespace NovaCron.Dwcp.Transport.Tests;

/// <summary>The level follows what a transfer waits for.</summary>
public sealed class LevelPilotTests
{
    [Fact]
    public void A_slow_path_gets_the_densest_level() => Assert.Equal(DwcpLevel.Dense, Run(ratio: 0.2, encoding: 5, waiting: 50));

    [Fact]
    public void A_fast_path_gets_the_fastest_level() => Assert.Equal(DwcpLevel.Fast, Run(ratio: 0.2, encoding: 50, waiting: 1));

    [Fact]
    public void In_between_the_level_stays() => Assert.Equal(DwcpLevel.Balanced, Run(ratio: 0.2, encoding: 10, waiting: 5));

    [Fact]
    public void Data_that_does_not_shrink_is_not_looked_at_closely() => Assert.Equal(DwcpLevel.Fast, Run(ratio: 1, encoding: 5, waiting: 500));

    [Fact]
    public void A_level_that_was_too_dense_is_not_tried_again()
    {
        var pilot = new LevelPilot();
        var seen = new List<DwcpLevel>();
        for (var i = 0; i < 100; i++)
        {
            seen.Add(pilot.Level);
            // Dense is slower than the path, Balanced waits for it.
            var slow = pilot.Level == DwcpLevel.Dense;
            pilot.OnBatch(1000, 200, TimeSpan.FromMilliseconds(slow ? 100 : 10), TimeSpan.FromMilliseconds(slow ? 1 : 50));
        }

        Assert.Contains(DwcpLevel.Dense, seen);
        Assert.All(seen.TakeLast(80), level => Assert.Equal(DwcpLevel.Balanced, level));
    }

    private static DwcpLevel Run(double ratio, double encoding, double waiting)
    {
        var pilot = new LevelPilot();
        for (var i = 0; i < 40; i++) pilot.OnBatch(100_000, (long)(100_000 * ratio), TimeSpan.FromMilliseconds(encoding), TimeSpan.FromMilliseconds(waiting));
        return pilot.Level;
    }
}
