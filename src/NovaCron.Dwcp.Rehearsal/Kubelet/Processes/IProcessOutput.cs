namespace NovaCron.Dwcp.Rehearsal.Kubelet.Processes;

/// <summary>Receives what a process prints. Called from one thread.</summary>
internal interface IProcessOutput
{
    /// <summary>More output.</summary>
    void Write(ReadOnlySpan<byte> output);

    /// <summary>No more output will come.</summary>
    void Complete();
}
