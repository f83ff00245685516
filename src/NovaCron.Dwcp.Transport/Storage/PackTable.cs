namespace NovaCron.Dwcp.Transport.Storage;

/// <summary>Numbers the packs of a principal, so that a location in memory needs four bytes for its pack. Thread-safe.</summary>
internal sealed class PackTable
{
    private readonly object _gate = new();
    private readonly List<string> _names = [];
    private readonly Dictionary<string, int> _numbers = [];

    public int NumberOf(string name)
    {
        lock (_gate)
        {
            if (_numbers.TryGetValue(name, out var number)) return number;
            number = _names.Count;
            _names.Add(name);
            _numbers.Add(name, number);
            return number;
        }
    }

    public string NameOf(int number)
    {
        lock (_gate) return _names[number];
    }
}
