using NovaCron.Dwcp.Codec.Components;

namespace NovaCron.Dwcp.Codec.Tests;

public sealed class ComponentSelfTests
{
    /// <summary>A node whose component fails its self-test says so in its metrics, and then every rollout is rolled back.</summary>
    [Fact]
    public void Every_component_passes_its_self_test()
    {
        foreach (var component in CodecComponents.All)
        {
            var outcome = component.RunSelfTest(TestContext.Current.CancellationToken);
            Assert.True(outcome.Passed, $"{component.Name}: {outcome.Detail}");
        }
    }
}
