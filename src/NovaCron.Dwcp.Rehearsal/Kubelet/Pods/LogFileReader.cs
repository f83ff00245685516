using System.Text;
using NovaCron.Dwcp.Rehearsal.Api;

namespace NovaCron.Dwcp.Rehearsal.Kubelet.Pods;

/// <summary>A position in a growing log file.</summary>
internal sealed class LogFileReader(Stream file) : IDisposable
{
    private readonly MemoryStream _pending = new();
    private readonly byte[] _buffer = new byte[16 * 1024];
    private readonly Queue<PodLogLine> _lines = new();
    private readonly StringBuilder _text = new();

    /// <summary>The next complete line; null when there is none yet.</summary>
    public PodLogLine? Next()
    {
        while (_lines.Count == 0)
        {
            var read = file.Read(_buffer);
            if (read == 0)
            {
                return null;
            }
            foreach (var value in _buffer.AsSpan(0, read))
            {
                if (value != '\n')
                {
                    _pending.WriteByte(value);
                    continue;
                }
                var (time, isEnd, text) = LogFile.Parse(Encoding.UTF8.GetString(_pending.GetBuffer(), 0, (int)_pending.Length));
                _pending.SetLength(0);
                _text.Append(text);
                if (isEnd)
                {
                    _lines.Enqueue(new(time, _text.ToString()));
                    _text.Clear();
                }
            }
        }
        return _lines.Dequeue();
    }

    public void Dispose() => file.Dispose();
}
