using System.Text;

namespace NovaCron.Dwcp.Rehearsal.Kubelet.Processes;

/// <summary>Keeps the first few kilobytes of what a process prints: the output of a probe or hook.</summary>
internal sealed class CapturedOutput : IProcessOutput
{
    private const int Limit = 10 * 1024;

    private readonly MemoryStream _kept = new();
    private readonly TaskCompletionSource _complete = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Write(ReadOnlySpan<byte> output) => _kept.Write(output[..Math.Min(output.Length, Limit - (int)_kept.Length)]);

    public void Complete() => _complete.TrySetResult();

    /// <summary>The text, once the process closed its output.</summary>
    public async Task<string> ReadAsync()
    {
        await _complete.Task.ConfigureAwait(false);
        return Encoding.UTF8.GetString(_kept.GetBuffer(), 0, (int)_kept.Length);
    }
}
