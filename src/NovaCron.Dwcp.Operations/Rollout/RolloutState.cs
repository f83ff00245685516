using System.Text.Json.Serialization;

namespace NovaCron.Dwcp.Operations.Rollout;

/// <summary>Where a rollout stands.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RolloutState>))]
public enum RolloutState
{
    /// <summary>Waits for validation, approval, or for anybody to want more than the present percent.</summary>
    Pending,

    /// <summary>The flag has been raised; pods are applying it.</summary>
    Raising,

    /// <summary>At the phase's percent, gathering evidence.</summary>
    Soaking,

    /// <summary>Soaking, but v3 gets no requests: nothing is learned, so nothing moves.</summary>
    Idle,

    /// <summary>Metrics are missing or a check cannot be made; nothing is raised, and v3 is rolled back when it lasts.</summary>
    Frozen,

    /// <summary>Suspended by an operator.</summary>
    Suspended,

    /// <summary>The flag is 0; proof, restart and verification are under way.</summary>
    RollingBack,

    /// <summary>At 0 % and locked until somebody acknowledges the incident.</summary>
    RolledBack,

    /// <summary>The target is reached and its last phase has soaked.</summary>
    Completed,
}
