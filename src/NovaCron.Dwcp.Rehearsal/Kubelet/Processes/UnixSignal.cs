using System.ComponentModel;
using System.Runtime.InteropServices;

namespace NovaCron.Dwcp.Rehearsal.Kubelet.Processes;

/// <summary>Signals to processes and their groups.</summary>
internal static class UnixSignal
{
    public const int Kill = 9;
    public const int Terminate = 15;
    public const int Continue = 18;
    public const int Stop = 19;

    private const int NoSuchProcess = 3;

    /// <summary>Sends a signal to a process, or to a whole group when <paramref name="target"/> is negative; false when it is gone.</summary>
    public static bool Send(int target, int signal)
    {
        if (kill(target, signal) == 0)
        {
            return true;
        }
        var error = Marshal.GetLastPInvokeError();
        return error == NoSuchProcess ? false : throw new Win32Exception(error);
    }

    [DllImport("libc", SetLastError = true)]
    private static extern int kill(int pid, int sig);
}
