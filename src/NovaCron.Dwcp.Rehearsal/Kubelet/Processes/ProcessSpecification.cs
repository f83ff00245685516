namespace NovaCron.Dwcp.Rehearsal.Kubelet.Processes;

/// <summary>One process to start: an executable with its arguments, its whole environment and its working directory.</summary>
internal sealed record ProcessSpecification(
    string FileName,
    IReadOnlyList<string> Arguments,
    IReadOnlyDictionary<string, string> Environment,
    string WorkingDirectory);
