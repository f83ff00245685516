using System.Diagnostics;
using System.Runtime.InteropServices;

namespace NovaCron.Dwcp.Benchmarks.Codec;

/// <summary>CPU time of the calling thread, so that a shared machine's other work does not count; wall time where that clock is missing.</summary>
internal static partial class ThreadClock
{
    private const int ThreadCpuTime = 3; // CLOCK_THREAD_CPUTIME_ID of Linux

    public static double Seconds()
    {
        if (OperatingSystem.IsLinux() && clock_gettime(ThreadCpuTime, out TimeSpec time) == 0)
        {
            return time.Seconds + time.Nanoseconds * 1e-9;
        }

        return Stopwatch.GetTimestamp() / (double)Stopwatch.Frequency;
    }

    [LibraryImport("libc")]
    private static partial int clock_gettime(int clock, out TimeSpec time);

    [StructLayout(LayoutKind.Sequential)]
    private struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
