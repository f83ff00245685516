using NovaCron.Dwcp.Codec.Components;

namespace NovaCron.Dwcp.Codec.Tests;

public sealed class ComponentTests
{
    public static TheoryData<string> Names => [.. CodecComponents.All.Select(component => component.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void The_self_test_of_a_component_passes(string name)
    {
        IDwcpComponent component = CodecComponents.All.Single(candidate => candidate.Name == name);
        ComponentSelfTest result = component.RunSelfTest(TestContext.Current.CancellationToken);
        Assert.True(result.Passed, result.Detail);
    }

    [Theory]
    [InlineData("AMST", "dwcp_amst_record_blocks_total", "telemetry", DwcpLevel.Dense)]
    [InlineData("AMST", "dwcp_amst_line_blocks_total", "metrics", DwcpLevel.Dense)]
    [InlineData("AMST", "dwcp_amst_branch_blocks_total", "x86", DwcpLevel.Dense)]
    [InlineData("AMST", "dwcp_amst_arm64_branch_blocks_total", "arm64", DwcpLevel.Dense)]
    [InlineData("PBA", "dwcp_pba_huffman_bytes_total", "text", DwcpLevel.Fast)]
    [InlineData("PBA", "dwcp_pba_nibble_bytes_total", "text", DwcpLevel.Dense)]
    [InlineData("PBA", "dwcp_pba_mixed_bytes_total", "text", DwcpLevel.Max)]
    [InlineData("PBA", "dwcp_pba_stored_bytes_total", "noise", DwcpLevel.Fast)]
    public void A_metric_counts_what_the_codec_did(string name, string metric, string kind, DwcpLevel level)
    {
        IDwcpComponent component = CodecComponents.All.Single(candidate => candidate.Name == name);
        double before = component.ReadMetrics().Single(candidate => candidate.Name == metric).Value;
        BlockCodecTests.Encode(SampleData.Make(kind, 60_000, 5), level);
        Assert.True(component.ReadMetrics().Single(candidate => candidate.Name == metric).Value > before, $"{metric} did not move.");
    }
}
