namespace NovaCron.Dwcp.Rehearsal.Kubelet.Probes;

/// <summary>What one probe or hook saw.</summary>
/// <param name="Succeeded">Whether it is content.</param>
/// <param name="Detail">Why not, in a kubelet's words.</param>
internal readonly record struct ProbeResult(bool Succeeded, string Detail)
{
    public static ProbeResult Success { get; } = new(true, "");

    public static ProbeResult Failure(string detail) => new(false, detail);
}
