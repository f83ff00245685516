using System.Runtime.InteropServices;

namespace NovaCron.Dwcp.Transport.Rdma;

/// <summary>Catches what a C function prints to a FILE (open_memstream).</summary>
internal static unsafe partial class MemoryStreams
{
    public static string Capture(Action<nint> print)
    {
        byte* text = null;
        nuint length = 0;
        var stream = Open(&text, &length);
        if (stream == 0) throw new OutOfMemoryException("open_memstream has no memory.");
        try
        {
            print(stream);
        }
        finally
        {
            _ = Close(stream); // flushes into memory: cannot fail but for memory, which shows in the text
        }

        try
        {
            return Marshal.PtrToStringUTF8((nint)text, checked((int)length));
        }
        finally
        {
            NativeMemory.Free(text);
        }
    }

    [LibraryImport("libc", EntryPoint = "open_memstream")]
    private static partial nint Open(byte** text, nuint* length);

    [LibraryImport("libc", EntryPoint = "fclose")]
    private static partial int Close(nint stream);
}
