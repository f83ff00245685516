using System.Globalization;
using NovaCron.Dwcp.Rehearsal.Api;

namespace NovaCron.Dwcp.Rehearsal.Kubelet.Pods;

/// <summary>Reads log files in the format of the container runtime interface, also while they are written.</summary>
internal static class LogFile
{
    /// <summary>The complete lines that are there now.</summary>
    public static IEnumerable<PodLogLine> Read(string path)
    {
        if (!File.Exists(path))
        {
            yield break;
        }
        using var file = Open(path);
        using var reader = new LogFileReader(file);
        while (reader.Next() is { } line)
        {
            yield return line;
        }
    }

    public static FileStream Open(string path) => new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);

    /// <summary>Takes a line of the file apart: time, whether it ends here, text.</summary>
    public static (DateTimeOffset Time, bool IsEnd, string Text) Parse(string line)
    {
        var parts = line.Split(' ', 4);
        return (DateTimeOffset.Parse(parts[0], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal), parts[2] == "F", parts[3]);
    }
}
