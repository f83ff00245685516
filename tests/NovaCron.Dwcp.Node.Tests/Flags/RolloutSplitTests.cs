using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using CsCheck;
using NovaCron.Dwcp.Node.Flags;
using NovaCron.Dwcp.Node.Secrets;
using NovaCron.Dwcp.Node.Tests.Support;

namespace NovaCron.Dwcp.Node.Tests.Flags;

public sealed class RolloutSplitTests : IDisposable
{
    private readonly TestPod _pod = new();

    public void Dispose() => _pod.Dispose();

    [Fact]
    public void Buckets_are_nested_sticky_and_as_the_contract_says() => Gen.String[1, 60].Select(Gen.Int[0, 100], Gen.Int[0, 100]).Sample((client, one, other) =>
    {
        // A flag of its own: samples run side by side.
        var flag = CreateFlag();
        var split = CreateSplit(flag);
        var (low, high) = (Math.Min(one, other), Math.Max(one, other));
        SetPercent(flag, low);
        var atLow = split.VersionFor(client);
        SetPercent(flag, high);
        var atHigh = split.VersionFor(client);
        SetPercent(flag, low);
        // Nested: who is on v3 stays there when the percent grows. Sticky: the same percent gives the same answer.
        return (atLow == 1 || atHigh == 3) && split.VersionFor(client) == atLow && atLow == (Bucket(client) < low * 100 ? 3 : 1);
    });

    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(10, 9.0, 11.0)]
    [InlineData(50, 48.3, 51.7)]
    [InlineData(100, 100, 100)]
    public void The_share_of_clients_is_the_percent(int percent, double least, double most)
    {
        var flag = CreateFlag();
        SetPercent(flag, percent);
        var split = CreateSplit(flag);
        // 10,000 seeded ids: the standard deviation is half a percent at 50 %, the margins are over three of them.
        var share = Enumerable.Range(0, 10_000).Count(i => split.VersionFor($"client-{i}") == 3) / 100.0;
        Assert.InRange(share, least, most);
    }

    [Fact]
    public void A_canary_needs_the_diagnostics_key_and_staging()
    {
        Assert.True(CreateSplit(CreateFlag(), allowsCanary: true).AcceptsCanary(_pod.DiagnosticsKey));
        Assert.False(CreateSplit(CreateFlag(), allowsCanary: true).AcceptsCanary(_pod.ApiKey));
        Assert.False(CreateSplit(CreateFlag(), allowsCanary: true).AcceptsCanary(""));
        Assert.False(CreateSplit(CreateFlag(), allowsCanary: false).AcceptsCanary(_pod.DiagnosticsKey));
    }

    private static int Bucket(string client)
    {
        // Another way to the same number: the whole hash as one big number, its first 8 bytes by division.
        var hash = new BigInteger(SHA256.HashData(Encoding.UTF8.GetBytes(client)), isUnsigned: true, isBigEndian: true);
        return (int)((hash >> 192) % 10_000);
    }

    private static RolloutFlag CreateFlag() => new(TimeProvider.System, new LogLines());

    private static void SetPercent(RolloutFlag flag, int percent) =>
        flag.Apply(new Dictionary<string, string> { ["FEATURE_FLAG_V3_ROLLOUT"] = $"{percent}", ["FEATURE_FLAG_V3_CEILING"] = "100" }, $"{percent}");

    private RolloutSplit CreateSplit(RolloutFlag flag, bool allowsCanary = false) =>
        new(flag, new SecretFiles(_pod.Paths.Secrets, TimeProvider.System, new LogLines()), allowsCanary);
}
