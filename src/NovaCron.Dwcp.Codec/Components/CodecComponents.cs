namespace NovaCron.Dwcp.Codec.Components;

/// <summary>The codec's three named components.</summary>
public static class CodecComponents
{
    /// <summary>AMST, HDE and PBA, in the order of the pipeline.</summary>
    public static IReadOnlyList<IDwcpComponent> All { get; } = [new AmstComponent(), new HdeComponent(), new PbaComponent()];
}
