using NovaCron.Dwcp.Node.Flags;
using NovaCron.Dwcp.Node.Tests.Support;

namespace NovaCron.Dwcp.Node.Tests.Flags;

public class RolloutFlagTests
{
    private readonly ManualTime _time = new();
    private readonly LogLines _log = new();
    private readonly RolloutFlag _flag;

    public RolloutFlagTests() => _flag = new RolloutFlag(_time, _log);

    [Fact]
    public void Nobody_is_on_v3_before_the_flag_is_known()
    {
        Assert.Equal(0, _flag.State.Effective);
        Assert.False(_flag.State.IsKnown);
        Assert.Null(_flag.Staleness);
        Assert.True(double.IsNaN(_flag.NumericRevision));
    }

    [Theory]
    [InlineData("50", "10", 10)]
    [InlineData("10", "50", 10)]
    [InlineData("100", "0", 0)]
    public void The_lower_of_flag_and_ceiling_is_in_force(string flag, string ceiling, int effective)
    {
        Apply(flag, ceiling, "7");
        Assert.Equal(effective, _flag.State.Effective);
        Assert.Equal(7, _flag.NumericRevision);
        Assert.Equal(_time.GetUtcNow(), _flag.State.AppliedAt);
    }

    [Fact]
    public void A_refused_flag_keeps_value_and_revision_and_is_counted_and_logged()
    {
        Apply("20", "100", "7");
        Apply("abc", "100", "8");
        Assert.Equal(20, _flag.State.Effective);
        Assert.Equal("7", _flag.State.Revision);
        Assert.Equal(1, _flag.ErrorCount);
        Assert.Contains("FEATURE_FLAG_V3_ROLLOUT is 'abc'", _log.Text);
        Apply("abc", "100", "8");
        Assert.Equal(1, _flag.ErrorCount);
        Apply("30", "100", "9");
        Assert.Equal(30, _flag.State.Effective);
        Assert.Empty(_flag.State.Errors);
    }

    [Theory]
    [InlineData("100", "disabled", false)]
    [InlineData("99", "disabled", true)]
    [InlineData("0", "disabled", true)]
    [InlineData("100", "enabled", true)]
    public void V1_is_off_only_while_everybody_is_on_v3(string flag, string v1, bool serves)
    {
        _flag.Apply(new Dictionary<string, string> { [FlagSettings.FlagKey] = flag, [FlagSettings.CeilingKey] = "100", [FlagSettings.V1Key] = v1 }, "7");
        Assert.Equal(serves, _flag.State.ServesV1);
        Assert.Null(_flag.State.Ignored);
    }

    [Fact]
    public void A_malformed_switch_of_v1_leaves_v1_as_it_is_and_counts_the_flag_as_applied()
    {
        Apply("100", "100", "7");
        _flag.Apply(new Dictionary<string, string> { [FlagSettings.FlagKey] = "100", [FlagSettings.CeilingKey] = "100", [FlagSettings.V1Key] = "off" }, "8");
        Assert.True(_flag.State.ServesV1);
        Assert.Equal("8", _flag.State.Revision);
        Assert.Contains("DWCP_V1 is 'off', but must be enabled or disabled", _log.Text);
    }

    [Fact]
    public void A_node_without_v1_follows_no_flag_and_says_so()
    {
        var flag = new RolloutFlag(_time, _log, hasV1: false);
        Assert.Equal(100, flag.State.Effective);
        flag.Apply(new Dictionary<string, string> { [FlagSettings.FlagKey] = "0", [FlagSettings.CeilingKey] = "0" }, "7");
        Assert.Equal(100, flag.State.Effective);
        Assert.False(flag.State.ServesV1);
        Assert.Contains("0 % is ignored", flag.State.Ignored);
        Assert.Contains("0 % is ignored", _log.Text);
    }

    [Fact]
    public void An_emergency_zero_beside_a_malformed_ceiling_counts_as_applied()
    {
        Apply("20", "100", "7");
        Apply("0", "oops", "8");
        Assert.Equal(0, _flag.State.Effective);
        Assert.Equal("8", _flag.State.Revision);
    }

    [Fact]
    public void A_lost_guardian_holds_by_default_and_falls_by_policy()
    {
        Apply("50", "50", "7", "hold");
        _flag.SeeGuardian(_time.GetUtcNow());
        _time.Advance(TimeSpan.FromSeconds(61));
        _flag.SeeGuardian(null);
        Assert.True(_flag.State.GuardianLost);
        Assert.Equal(50, _flag.State.Effective);
        Apply("50", "50", "8", "fall");
        Assert.Equal(0, _flag.State.Effective);
        Assert.Contains("No sign of the guardian", _log.Text);
    }

    [Fact]
    public void A_guardian_that_returns_restores_the_percent()
    {
        Apply("50", "50", "7", "fall");
        _flag.SeeGuardian(_time.GetUtcNow());
        _time.Advance(TimeSpan.FromSeconds(61));
        _flag.SeeGuardian(null);
        Assert.Equal(0, _flag.State.Effective);
        _flag.SeeGuardian(_time.GetUtcNow());
        Assert.Equal(50, _flag.State.Effective);
    }

    [Fact]
    public void The_same_old_renewal_again_is_no_sign_of_life()
    {
        Apply("50", "50", "7", "fall");
        var renewed = _time.GetUtcNow();
        for (var second = 0; second < 70; second += 5)
        {
            _flag.SeeGuardian(renewed);
            _time.Advance(TimeSpan.FromSeconds(5));
        }

        _flag.SeeGuardian(renewed);
        Assert.True(_flag.State.GuardianLost);
    }

    [Fact]
    public void A_guardian_whose_clock_is_wrong_is_alive_as_long_as_it_renews()
    {
        Apply("50", "50", "7", "fall");
        for (var second = 0; second < 300; second += 5)
        {
            _flag.SeeGuardian(_time.GetUtcNow().AddHours(-3));
            _time.Advance(TimeSpan.FromSeconds(5));
        }

        Assert.False(_flag.State.GuardianLost);
    }

    [Fact]
    public void A_restarted_node_sees_at_once_that_the_guardian_was_lost_long_ago()
    {
        Apply("50", "50", "7", "fall");
        _flag.SeeGuardian(_time.GetUtcNow().AddMinutes(-30));
        Assert.Equal(0, _flag.State.Effective);
    }

    [Fact]
    public void A_guardian_that_never_showed_itself_is_lost_after_the_limit()
    {
        Apply("50", "50", "7", "fall");
        _flag.SeeGuardian(null);
        Assert.Equal(50, _flag.State.Effective);
        _time.Advance(TimeSpan.FromSeconds(61));
        _flag.SeeGuardian(null);
        Assert.Equal(0, _flag.State.Effective);
    }

    private void Apply(string flag, string ceiling, string revision, string policy = "hold") => _flag.Apply(
        new Dictionary<string, string>
        {
            ["FEATURE_FLAG_V3_ROLLOUT"] = flag, ["FEATURE_FLAG_V3_CEILING"] = ceiling, ["GUARDIAN_LOST_POLICY"] = policy, ["GUARDIAN_LOST_AFTER"] = "60",
        },
        revision);
}
