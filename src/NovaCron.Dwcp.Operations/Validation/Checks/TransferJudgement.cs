using System.Globalization;

namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>When a probing transfer counts as good.</summary>
internal static class TransferJudgement
{
    public static CheckFinding Judge(TransferProbeResult result, int version)
    {
        if (!result.Succeeded)
            return CheckFinding.Fail($"the transfer failed: {result.Detail}");
        if (result.Version != version)
            return CheckFinding.Fail($"the node answered version {result.Version}, expected {version}");
        if (!result.HashesEqual)
            return CheckFinding.Fail($"the data read back differs from the data sent: {result.Detail}");
        if (result.UserBytes <= 0 || result.Duration <= TimeSpan.Zero)
            throw new InconclusiveException("the transfer client reports no bytes");
        return CheckFinding.Pass(string.Create(CultureInfo.InvariantCulture,
            $"v{result.Version}, {result.UserBytes} bytes, {result.WireBytes} on the wire, {result.UserBytes / result.Duration.TotalSeconds / 1e6:0.0} MB/s, {result.Resumes} resumes, hashes equal"));
    }
}
