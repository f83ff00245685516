using CsCheck;
using NovaCron.Dwcp.Node.Flags;

namespace NovaCron.Dwcp.Node.Tests.Flags;

public class FlagSettingsTests
{
    private static readonly FlagSettings Last = FlagSettings.Initial with { Flag = 30, Ceiling = 40 };

    [Fact]
    public void An_absent_key_is_zero_and_an_absent_object_too()
    {
        Assert.Equal(0, Last.Apply(new Dictionary<string, string>(), out var errors).Flag);
        Assert.Empty(errors);
        var none = Last.Apply(null, out errors);
        Assert.Equal((0, 0), (none.Flag, none.Ceiling));
        Assert.Empty(errors);
    }

    [Fact]
    public void Every_whole_percent_is_taken() => Gen.Int[0, 100].Select(Gen.Int[0, 100]).Sample((flag, ceiling) =>
    {
        var settings = Last.Apply(Data($"{flag}", $"{ceiling}"), out var errors);
        return errors.Count == 0 && settings.Flag == flag && settings.Ceiling == ceiling;
    });

    [Theory]
    [InlineData("abc")]
    [InlineData("150")]
    [InlineData("101")]
    [InlineData("-1")]
    [InlineData("+5")]
    [InlineData("10.5")]
    [InlineData("10%")]
    [InlineData("1e1")]
    [InlineData("")]
    [InlineData("99999999999999999999")]
    [InlineData("١٠")]
    public void A_malformed_percent_is_refused_and_the_last_good_one_stays(string text)
    {
        var settings = Last.Apply(Data(text, "40"), out var errors);
        Assert.Equal(30, settings.Flag);
        Assert.Contains("FEATURE_FLAG_V3_ROLLOUT", Assert.Single(errors));
    }

    [Fact]
    public void Anything_that_is_no_percent_is_refused() => Gen.String.Where(text => !(int.TryParse(text.Trim(), out var value) && value is >= 0 and <= 100)).Sample(text =>
    {
        var settings = Last.Apply(Data(text, "40"), out var errors);
        return settings.Flag == 30 && errors.Count == 1;
    });

    [Fact]
    public void An_emergency_zero_works_beside_a_malformed_ceiling()
    {
        var settings = Last.Apply(Data("0", "abc"), out var errors);
        Assert.Equal(0, settings.Flag);
        Assert.Equal(40, settings.Ceiling);
        Assert.Single(errors);
    }

    [Theory]
    [InlineData("panic", "60")]
    [InlineData("fall", "soon")]
    [InlineData("fall", "0")]
    public void A_malformed_policy_is_refused(string policy, string after)
    {
        var data = Data("10", "10");
        data["GUARDIAN_LOST_POLICY"] = policy;
        data["GUARDIAN_LOST_AFTER"] = after;
        Last.Apply(data, out var errors);
        Assert.Contains("GUARDIAN_LOST", Assert.Single(errors));
    }

    private static Dictionary<string, string> Data(string flag, string ceiling) => new() { ["FEATURE_FLAG_V3_ROLLOUT"] = flag, ["FEATURE_FLAG_V3_CEILING"] = ceiling };
}
