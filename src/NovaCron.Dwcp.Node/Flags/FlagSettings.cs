using System.Globalization;

namespace NovaCron.Dwcp.Node.Flags;

/// <summary>What the ConfigMap says, after checking. A key that is malformed keeps its last good value.</summary>
public sealed record FlagSettings
{
    public const string FlagKey = "FEATURE_FLAG_V3_ROLLOUT";
    public const string CeilingKey = "FEATURE_FLAG_V3_CEILING";
    public const string GuardianLostPolicyKey = "GUARDIAN_LOST_POLICY";
    public const string GuardianLostAfterKey = "GUARDIAN_LOST_AFTER";
    public const string V1Key = "DWCP_V1";

    /// <summary>What holds before anything was read.</summary>
    public static FlagSettings Initial { get; } = new();

    /// <summary>Wanted percent of clients on v3, 0..100.</summary>
    public int Flag { get; init; }

    /// <summary>Most that the guardian allows, 0..100.</summary>
    public int Ceiling { get; init; }

    /// <summary>True: fall to 0 when the guardian is lost; false: hold what is.</summary>
    public bool FallWhenGuardianLost { get; init; }

    /// <summary>Time without a sign of the guardian after which it is lost.</summary>
    public TimeSpan GuardianLostAfter { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>True: v1 is switched off, as far as everybody is on v3 anyway; see <see cref="FlagState.ServesV1"/>.</summary>
    public bool V1Disabled { get; init; }

    /// <summary>Checks the ConfigMap's data. An absent key takes its default (flag and ceiling: 0); a malformed one is refused and its value here stays.</summary>
    /// <param name="data">The ConfigMap's data, or null when the object does not exist.</param>
    /// <param name="errors">One sentence for each refused key.</param>
    public FlagSettings Apply(IReadOnlyDictionary<string, string>? data, out IReadOnlyList<string> errors)
    {
        var found = new List<string>();
        string? Text(string key) => data is not null && data.TryGetValue(key, out var value) ? value.Trim() : null;

        int Percent(string key, int last)
        {
            if (Text(key) is not { } text) return 0;
            if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var percent) && percent <= 100) return percent;
            found.Add($"{key} is '{Shorten(text)}', but must be a whole number from 0 to 100; {last} stays in force.");
            return last;
        }

        var fall = FallWhenGuardianLost;
        switch (Text(GuardianLostPolicyKey))
        {
            case null or "hold": fall = false; break;
            case "fall": fall = true; break;
            case var text: found.Add($"{GuardianLostPolicyKey} is '{Shorten(text)}', but must be hold or fall; {(fall ? "fall" : "hold")} stays in force."); break;
        }

        var lostAfter = GuardianLostAfter;
        switch (Text(GuardianLostAfterKey))
        {
            case null: lostAfter = Initial.GuardianLostAfter; break;
            case var text when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds is >= 5 and <= 86400:
                lostAfter = TimeSpan.FromSeconds(seconds);
                break;
            case var text:
                found.Add($"{GuardianLostAfterKey} is '{Shorten(text)}', but must be whole seconds from 5 to 86400; {lostAfter.TotalSeconds:0} stays in force.");
                break;
        }

        var v1Disabled = V1Disabled;
        switch (Text(V1Key))
        {
            case null or "enabled": v1Disabled = false; break;
            case "disabled": v1Disabled = true; break;
            case var text: found.Add($"{V1Key} is '{Shorten(text)}', but must be enabled or disabled; {(v1Disabled ? "disabled" : "enabled")} stays in force."); break;
        }

        var next = this with { Flag = Percent(FlagKey, Flag), Ceiling = Percent(CeilingKey, Ceiling), FallWhenGuardianLost = fall, GuardianLostAfter = lostAfter, V1Disabled = v1Disabled };
        errors = found;
        return next;
    }

    private static string Shorten(string text) => text.Length <= 40 ? text : text[..40] + "…";
}
