namespace NovaCron.Dwcp.Rehearsal.Api;

/// <summary>Which part of which log.</summary>
/// <param name="Namespace">Namespace of the pod.</param>
/// <param name="Pod">Name of the pod.</param>
/// <param name="Container">Name of the container; the API server has checked that the pod declares it.</param>
public sealed record PodLogRequest(string Namespace, string Pod, string Container)
{
    /// <summary>The log of the run before the present one.</summary>
    public bool Previous { get; init; }

    /// <summary>Whether to wait for new lines.</summary>
    public bool Follow { get; init; }

    /// <summary>Begin with the last so many lines; <c>null</c> for all.</summary>
    public long? TailLines { get; init; }

    /// <summary>Leave out lines before this time; <c>null</c> for none.</summary>
    public DateTimeOffset? Since { get; init; }
}
