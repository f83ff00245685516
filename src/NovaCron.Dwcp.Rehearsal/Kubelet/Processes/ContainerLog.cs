using System.Globalization;
using System.Text;

namespace NovaCron.Dwcp.Rehearsal.Kubelet.Processes;

/// <summary>
/// The log file of one run of a container, in the format of the container runtime interface: <c>time stream tag text</c> per line.
/// Both streams are merged as stdout, which is how <c>kubectl logs</c> shows them.
/// </summary>
internal sealed class ContainerLog : IProcessOutput
{
    // A line longer than this is written in parts tagged P, as containerd does.
    private const int LongestPart = 16 * 1024;

    private static readonly byte[] FullTag = " stdout F "u8.ToArray();
    private static readonly byte[] PartialTag = " stdout P "u8.ToArray();

    private readonly FileStream _file;
    private readonly TimeProvider _time;
    private readonly MemoryStream _line = new();

    public ContainerLog(string path, TimeProvider time)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        _file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 16 * 1024);
        _time = time;
    }

    public void Write(ReadOnlySpan<byte> output)
    {
        while (!output.IsEmpty)
        {
            var end = output.IndexOf((byte)'\n');
            var room = LongestPart - (int)_line.Length;
            var take = Math.Min(end < 0 ? output.Length : end, room);
            _line.Write(output[..take]);
            if (take == end)
            {
                Emit(FullTag);
                take++;
            }
            else if (_line.Length == LongestPart)
            {
                Emit(PartialTag);
            }
            output = output[take..];
        }
        _file.Flush();
    }

    public void Complete()
    {
        if (_line.Length > 0)
        {
            Emit(FullTag);
        }
        _file.Dispose();
    }

    private void Emit(byte[] tag)
    {
        var time = _time.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'00Z'", CultureInfo.InvariantCulture);
        _file.Write(Encoding.ASCII.GetBytes(time));
        _file.Write(tag);
        _file.Write(_line.GetBuffer().AsSpan(0, (int)_line.Length));
        _file.WriteByte((byte)'\n');
        _line.SetLength(0);
    }
}
