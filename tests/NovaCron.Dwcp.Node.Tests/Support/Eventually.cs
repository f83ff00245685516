using System.Diagnostics;

namespace NovaCron.Dwcp.Node.Tests.Support;

/// <summary>Waits for a condition, looking often; fails with the last value when the limit is over.</summary>
public static class Eventually
{
    public static Task TrueAsync(Func<bool> condition, string what, int seconds = 120, Func<string>? detail = null) =>
        TrueAsync(() => Task.FromResult(condition()), what, seconds, detail);

    public static async Task TrueAsync(Func<Task<bool>> condition, string what, int seconds = 120, Func<string>? detail = null)
    {
        var start = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            if (Stopwatch.GetElapsedTime(start).TotalSeconds > seconds) Assert.Fail($"Not so within {seconds} s: {what} {detail?.Invoke()}");
            await Task.Delay(5);
        }
    }
}
