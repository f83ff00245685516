using System.Management.Automation;
using System.Management.Automation.Language;
using NovaCron.Dwcp.Tool.CommandLine;

namespace NovaCron.Dwcp.Tool.Hosting;

/// <summary>A runbook that parsed: its parameters, and how a command line binds to them.</summary>
internal sealed class RunbookScript
{
    private readonly Dictionary<string, bool> _parameters = new(StringComparer.OrdinalIgnoreCase);

    private RunbookScript(string path, ScriptBlockAst ast)
    {
        Path = path;
        foreach (var parameter in ast.ParamBlock?.Parameters ?? [])
            _parameters[parameter.Name.VariablePath.UserPath] = parameter.StaticType == typeof(SwitchParameter);
        Exits = ast.Find(node => node is ExitStatementAst, searchNestedScriptBlocks: true) is not null;
    }

    public string Path { get; }

    /// <summary>Whether it sets its exit code by <c>exit</c>.</summary>
    public bool Exits { get; }

    /// <exception cref="ToolException">There is no such file, or it is not valid PowerShell.</exception>
    public static RunbookScript Load(string path)
    {
        var full = System.IO.Path.GetFullPath(path);
        if (!File.Exists(full))
            throw new ToolException(ExitCode.NoInput, $"Runbook {full} does not exist.");
        var ast = Parser.ParseFile(full, out _, out var errors);
        return errors.Length == 0
            ? new RunbookScript(full, ast)
            : throw new ToolException(ExitCode.InvalidRunbook, string.Join(Environment.NewLine,
                errors.Select(error => $"{full}:{error.Extent.StartLineNumber}:{error.Extent.StartColumnNumber}: {error.Message}")));
    }

    /// <summary>Binds <c>-Name value</c>, <c>-Name:value</c> and <c>-Switch</c>; PowerShell converts the text to the parameter's type.</summary>
    /// <exception cref="ToolException">There is no such parameter, or a value is missing.</exception>
    public IReadOnlyDictionary<string, object> Bind(IReadOnlyList<string> arguments)
    {
        var bound = new Dictionary<string, object>(StringComparer.OrdinalIgnoreCase);
        for (var i = 0; i < arguments.Count; i++)
        {
            var argument = arguments[i];
            if (argument.Length < 2 || argument[0] != '-')
                throw Complaint($"Unexpected argument '{argument}': a runbook's parameters are written -Name value.");
            var text = argument.TrimStart('-');
            var colon = text.IndexOf(':');
            var name = Complete(colon < 0 ? text : text[..colon]);
            if (bound.ContainsKey(name))
                throw Complaint($"-{name} was given more than once.");
            if (colon >= 0)
                bound[name] = _parameters[name] ? LanguagePrimitives.ConvertTo<bool>(text[(colon + 1)..].TrimStart('$')) : text[(colon + 1)..];
            else if (_parameters[name])
                bound[name] = true;
            else
                bound[name] = ++i < arguments.Count ? arguments[i] : throw Complaint($"-{name} needs a value.");
        }
        return bound;
    }

    private string Complete(string name)
    {
        if (_parameters.ContainsKey(name))
            return _parameters.Keys.First(known => known.Equals(name, StringComparison.OrdinalIgnoreCase));
        var matches = _parameters.Keys.Where(known => known.StartsWith(name, StringComparison.OrdinalIgnoreCase)).ToList();
        return matches.Count == 1 ? matches[0] : throw Complaint(
            _parameters.Count == 0 ? $"The runbook takes no parameters, but -{name} was given."
            : $"The runbook has no parameter -{name}. Parameters: {string.Join(", ", _parameters.Keys.Select(known => "-" + known))}.");
    }

    private ToolException Complaint(string message) => ToolException.Usage($"{System.IO.Path.GetFileName(Path)}: {message}");
}
