using System.Diagnostics;

namespace NovaCron.Dwcp.Codec.Components;

/// <summary>Runs the body of a self-test: its time is measured, and whatever it throws except cancellation is a failed test with that text.</summary>
public static class SelfTest
{
    /// <param name="body">Returns what it exercised; throws when something is wrong.</param>
    /// <param name="ct">Cancels the test.</param>
    public static ComponentSelfTest Run(Func<CancellationToken, string> body, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(body);
        var start = Stopwatch.GetTimestamp();
        try
        {
            var detail = body(ct);
            return new ComponentSelfTest(true, detail, Stopwatch.GetElapsedTime(start));
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            return new ComponentSelfTest(false, $"{e.GetType().Name}: {e.Message}", Stopwatch.GetElapsedTime(start));
        }
    }

    /// <summary>Fails the running self-test unless <paramref name="condition"/> holds.</summary>
    public static void Require(bool condition, string what)
    {
        if (!condition) throw new InvalidOperationException(what);
    }
}
