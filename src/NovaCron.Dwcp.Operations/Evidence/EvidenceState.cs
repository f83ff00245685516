using System.Text.Json.Serialization;

namespace NovaCron.Dwcp.Operations.Evidence;

/// <summary>What a test remembers between two processes.</summary>
public sealed record EvidenceState
{
    /// <summary>Changes when saved numbers mean something else than before.</summary>
    public const int CurrentVersion = 2;

    /// <summary>What the numbers mean; states of another version are not continued.</summary>
    [JsonPropertyName("version")]
    public int Version { get; init; } = CurrentVersion;

    /// <summary>Batches seen.</summary>
    [JsonPropertyName("batches")]
    public long Batches { get; init; }

    /// <summary>Log wealth of every alternative.</summary>
    [JsonPropertyName("logWealth")]
    public double[] LogWealth { get; init; } = [];

    /// <summary>How clustered the observations were; see <see cref="Evidence.Dispersion"/>.</summary>
    [JsonPropertyName("dispersion")]
    public double[] Dispersion { get; init; } = [];

    /// <summary>Running totals of the test, in an order of its own.</summary>
    [JsonPropertyName("totals")]
    public long[] Totals { get; init; } = [];

    /// <summary>The parts of a test that consists of several.</summary>
    [JsonPropertyName("parts")]
    public EvidenceState[] Parts { get; init; } = [];
}
