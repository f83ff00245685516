namespace NovaCron.Dwcp.Tool.CommandLine;

/// <summary>Reads <c>--name value</c>, <c>--name=value</c>, switches and operands, and complains about everything that nobody asked for.</summary>
internal sealed class OptionReader
{
    private readonly List<string> _operands = [];
    private readonly Dictionary<string, List<string>> _values = [];
    private readonly HashSet<string> _switches = [];
    private readonly string _command;

    /// <param name="command">Name for messages, for example <c>dwcp send</c>.</param>
    /// <param name="arguments">What follows the name.</param>
    /// <param name="valued">Options that take a value, without dashes.</param>
    /// <param name="switches">Options that take none.</param>
    /// <exception cref="ToolException">An option is unknown, has no value, or has one that it does not take.</exception>
    public OptionReader(string command, IReadOnlyList<string> arguments, string[] valued, string[] switches)
    {
        _command = command;
        for (var i = 0; i < arguments.Count; i++)
        {
            var argument = arguments[i];
            if (argument == "--")
            {
                _operands.AddRange(arguments.Skip(i + 1));
                break;
            }
            if (!argument.StartsWith("--", StringComparison.Ordinal))
            {
                _operands.Add(argument);
                continue;
            }
            var equals = argument.IndexOf('=');
            var name = equals < 0 ? argument[2..] : argument[2..equals];
            if (switches.Contains(name))
            {
                if (equals >= 0)
                    throw Complaint($"--{name} takes no value.");
                _switches.Add(name);
            }
            else if (valued.Contains(name))
            {
                var value = equals >= 0 ? argument[(equals + 1)..]
                    : ++i < arguments.Count ? arguments[i]
                    : throw Complaint($"--{name} needs a value.");
                (_values.TryGetValue(name, out var values) ? values : _values[name] = []).Add(value);
            }
            else
            {
                var known = valued.Concat(switches).Select(option => "--" + option).Order();
                throw Complaint($"Unknown option --{name}. Options: {string.Join(", ", known)}.");
            }
        }
    }

    public IReadOnlyList<string> Operands => _operands;

    public bool Has(string name) => _switches.Contains(name);

    /// <summary>The option's value, or null; given twice it is an error.</summary>
    public string? Value(string name) => _values.TryGetValue(name, out var values)
        ? values.Count == 1 ? values[0] : throw Complaint($"--{name} was given more than once.")
        : null;

    public IReadOnlyList<string> Values(string name) => _values.TryGetValue(name, out var values) ? values : [];

    public string Required(string name) => Value(name) ?? throw Complaint($"--{name} is missing.");

    /// <summary>Complains when there are more or fewer operands than the names given.</summary>
    public void ExpectOperands(params string[] names)
    {
        if (_operands.Count < names.Length)
            throw Complaint($"{names[_operands.Count]} is missing.");
        if (_operands.Count > names.Length)
            throw Complaint($"Unexpected argument '{_operands[names.Length]}'.");
    }

    public ToolException Complaint(string message) => ToolException.Usage($"{_command}: {message} 'dwcp help' shows how it is called.");
}
