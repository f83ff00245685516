using Microsoft.Win32.SafeHandles;

namespace NovaCron.Dwcp.Transport.Files;

/// <summary>Reads of open files at a place.</summary>
internal static class FileReading
{
    /// <summary>Reads until <paramref name="destination"/> is full or the file ends.</summary>
    /// <returns>Bytes read; fewer than asked for only at the file's end.</returns>
    public static int ReadFully(SafeFileHandle file, Span<byte> destination, long offset)
    {
        var total = 0;
        while (total < destination.Length)
        {
            var read = RandomAccess.Read(file, destination[total..], offset + total);
            if (read == 0) break;
            total += read;
        }

        return total;
    }
}
