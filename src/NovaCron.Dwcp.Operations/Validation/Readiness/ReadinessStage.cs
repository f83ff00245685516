namespace NovaCron.Dwcp.Operations.Validation.Readiness;

/// <summary>The gates on the way to production, in order.</summary>
public enum ReadinessStage
{
    /// <summary>Before anything is deployed.</summary>
    PreDeployment,
    /// <summary>What the deployment must have brought.</summary>
    Deployment,
    /// <summary>The eight categories and the decision.</summary>
    Validation,
    /// <summary>Ready for phase 1.</summary>
    Readiness,
    /// <summary>Staging was a success.</summary>
    SuccessStaging,
    /// <summary>Phase 1 was a success.</summary>
    SuccessPhase1,
    /// <summary>The rollout was a success.</summary>
    SuccessFinal,
}
