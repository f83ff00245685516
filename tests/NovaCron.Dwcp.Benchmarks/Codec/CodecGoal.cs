namespace NovaCron.Dwcp.Benchmarks.Codec;

/// <summary>What one of our levels is to reach beside one level of a peer; factors of the peer's figures.</summary>
/// <param name="Ours">Our level's name.</param>
/// <param name="Peer">The peer level's name.</param>
/// <param name="Size">The most that our output may be of the peer's.</param>
/// <param name="Encode">The least that our compression speed is of the peer's; 0 = no goal.</param>
/// <param name="Decode">The least that our expansion speed is of the peer's; 0 = no goal.</param>
/// <param name="Structured">Whether it holds for the structured members only (telemetry, tables, scrapes, logs), else for all.</param>
internal sealed record CodecGoal(string Ours, string Peer, double Size, double Encode, double Decode, bool Structured = false)
{
    /// <summary>A single member may be this much larger than the goal, and this much slower, as long as the geometric means hold.</summary>
    public const double SizeTolerance = 1.05, SpeedTolerance = 0.95;

    public static readonly IReadOnlyList<CodecGoal> All =
    [
        new("dwcp Fast", "zstd -1", 1, 1, 1.2),
        new("dwcp Balanced", "zstd -9", 1, 1.2, 1),
        new("dwcp Dense", "xz -6", 1, 4, 4),
        new("dwcp Max", "xz -9e", 0.92, 1, 0),
        new("dwcp Dense", "zstd -19", 0.75, 10, 0.5, Structured: true),
    ];

    private static readonly string[] StructuredMembers = ["telemetry", "sensors.csv", "history.csv", "scrapes", "server.log", "journal.log", "objects.json", "columns"];

    public static bool IsStructured(string member) => StructuredMembers.Contains(member);
}
