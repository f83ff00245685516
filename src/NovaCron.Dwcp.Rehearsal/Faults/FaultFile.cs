using System.Text.Json;
using System.Text.Json.Nodes;

namespace NovaCron.Dwcp.Rehearsal.Faults;

/// <summary>
/// What node pods should get wrong, as <c>run/faults.json</c> in the roots of their containers. dwcpd watches that file when DWCP_REHEARSAL is set.
/// </summary>
internal sealed class FaultFile
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, ProtocolFault> _versions = [];
    private bool _metricsFrozen;

    /// <summary>Sets what goes wrong with a version.</summary>
    public void Set(string version, ProtocolFault fault)
    {
        lock (_gate)
        {
            _versions[version] = fault;
        }
    }

    /// <summary>Sets whether metrics stand still.</summary>
    public void SetMetricsFrozen(bool frozen)
    {
        lock (_gate)
        {
            _metricsFrozen = frozen;
        }
    }

    /// <summary>Nothing goes wrong any more.</summary>
    public void Clear()
    {
        lock (_gate)
        {
            _versions.Clear();
            _metricsFrozen = false;
        }
    }

    /// <summary>Writes the file below a container's root; where nothing goes wrong, there is none. A pod that has just gone gets none either.</summary>
    public void Write(string root)
    {
        try
        {
            WriteTo(root);
        }
        catch (Exception e) when (e is DirectoryNotFoundException or FileNotFoundException)
        {
            // Removed with its pod.
        }
    }

    private void WriteTo(string root)
    {
        var path = Path.Combine(root, "run", "faults.json");
        lock (_gate)
        {
            var active = _versions.Where(static v => v.Value != ProtocolFault.None).ToList();
            if (active.Count == 0 && !_metricsFrozen)
            {
                File.Delete(path);
                return;
            }
            var document = new JsonObject();
            foreach (var (version, fault) in active)
            {
                document[version] = new JsonObject { ["failShare"] = fault.FailShare, ["delayMs"] = fault.Delay.TotalMilliseconds };
            }
            document["freezeMetrics"] = _metricsFrozen;
            File.WriteAllBytes(path + ".new", JsonSerializer.SerializeToUtf8Bytes(document));
            File.Move(path + ".new", path, overwrite: true);
        }
    }
}
