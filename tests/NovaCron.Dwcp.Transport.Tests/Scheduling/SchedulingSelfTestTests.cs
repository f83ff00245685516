using NovaCron.Dwcp.Transport.Scheduling;

namespace NovaCron.Dwcp.Transport.Tests.Scheduling;

/// <summary>The component called ASS does what it says: its self-test schedules, stripes and sends, and its metrics count it.</summary>
public sealed class SchedulingSelfTestTests
{
    [Fact]
    public void The_component_schedules_stripes_and_counts()
    {
        var component = new AssComponent();
        var before = component.ReadMetrics().ToDictionary(m => m.Name, m => m.Value);
        var result = component.RunSelfTest(TestContext.Current.CancellationToken);
        Assert.True(result.Passed, result.Detail);
        var after = component.ReadMetrics().ToDictionary(m => m.Name, m => m.Value);
        foreach (var name in (string[])["dwcp_ass_interactive_bytes_total", "dwcp_ass_bulk_bytes_total", "dwcp_ass_overtakes_total", "dwcp_ass_striped_blocks_total", "dwcp_ass_batches_total"])
            Assert.True(after[name] > before[name], name);
    }
}
