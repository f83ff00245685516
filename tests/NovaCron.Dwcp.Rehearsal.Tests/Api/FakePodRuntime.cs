using System.Runtime.CompilerServices;
using NovaCron.Dwcp.Rehearsal.Api;

namespace NovaCron.Dwcp.Rehearsal.Tests.Api;

/// <summary>Logs without processes: ten lines, a second apart.</summary>
public sealed class FakePodRuntime : IPodRuntime
{
    public static DateTimeOffset FirstLine { get; } = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    public PodLogRequest? Last { get; private set; }

    public async IAsyncEnumerable<PodLogLine> ReadLogAsync(PodLogRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Last = request;
        for (var i = (int)(10 - (request.TailLines ?? 10)); i < 10; i++)
        {
            yield return new(FirstLine.AddSeconds(i), $"line {i}");
        }
        if (request.Follow)
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }
    }
}
