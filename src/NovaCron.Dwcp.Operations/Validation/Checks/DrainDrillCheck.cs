using System.Globalization;

namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>Pods that are told to stop finish their work and go by themselves.</summary>
internal sealed class DrainDrillCheck() : PodReplacingDrill(
    "health-drain-drill", CheckCategory.Health, "Stopping pods drain: every running transfer completes, and each pod ends within its grace period, tried by a drill",
    "Look at the log of a stopping pod; the drain is SIGTERM, then DWCP_GRACE_SECONDS for what runs.")
{
    protected override CheckFinding Judge(RollbackDrill drill, ValidationProfile profile) => drill.Took is null
        ? throw new InconclusiveException($"the restart was not finished: {drill.State}")
        : CheckFinding.Judge([.. drill.Lost, .. drill.Lingering.Select(p => $"pod {p} is still there after its grace period")], 1,
            string.Create(CultureInfo.InvariantCulture, $"{drill.Transfers} transfers of v1 and v3 completed while every pod was replaced"));
}
