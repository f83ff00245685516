using System.Runtime.InteropServices;

namespace NovaCron.Dwcp.Transport.Rdma;

/// <summary>poll(2) on one descriptor, and setenv(3): UCX reads settings of single transports from the C environment only, which .NET's does not reach.</summary>
internal static unsafe partial class SystemCalls
{
    private const short Input = 1; // POLLIN

    /// <summary>Returns when the descriptor has something to read, or after the time, or on a signal: the caller looks what there is.</summary>
    public static void ForInput(int descriptor, int milliseconds)
    {
        var poll = new PollDescriptor { Descriptor = descriptor, Events = Input };
        _ = Poll(&poll, 1, milliseconds);
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct PollDescriptor
    {
        public int Descriptor;
        public short Events;
        public short Returned;
    }

    /// <summary>Sets a variable of the C environment unless the operator did.</summary>
    public static void SetDefault(string name, string value) => _ = SetEnvironment(name, value, 0); // fails without memory only, and then much else does

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetEnvironment(string name, string value, int overwrite);

    [LibraryImport("libc", EntryPoint = "poll")]
    private static partial int Poll(PollDescriptor* descriptors, nuint count, int milliseconds);
}
