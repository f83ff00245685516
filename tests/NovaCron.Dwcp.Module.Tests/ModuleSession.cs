using System.Collections.ObjectModel;
using System.Management.Automation;
using System.Management.Automation.Runspaces;

namespace NovaCron.Dwcp.Module.Tests;

/// <summary>A PowerShell session that has imported the built module, as an operator's has.</summary>
public sealed class ModuleSession : IDisposable
{
    private readonly Runspace _runspace;

    public ModuleSession()
    {
        ForeignAssemblies.Load();
        var state = InitialSessionState.CreateDefault2();
        state.ThrowOnRunspaceOpenError = true;
        _runspace = RunspaceFactory.CreateRunspace(state);
        _runspace.Open();
        Invoke("param($path) Import-Module $path -ErrorAction Stop", ManifestPath);
        Cmdlets = [.. Invoke("Get-Command -Module NovaCron").Select(command => (CmdletInfo)command.BaseObject)];
    }

    /// <summary>What the module exports.</summary>
    public IReadOnlyList<CmdletInfo> Cmdlets { get; }

    /// <summary>The repository: where NovaCron.psd1 is.</summary>
    public static string Root { get; } = FindRoot();

    public static string ManifestPath => Path.Combine(Root, "NovaCron.psd1");

    /// <summary>Runs a script and returns its output; the first error of any kind is thrown.</summary>
    public Collection<PSObject> Invoke(string script, params object?[] arguments)
    {
        var result = Run(script, arguments);
        if (result.Errors.Count > 0)
            throw new InvalidOperationException($"{result.Errors[0].FullyQualifiedErrorId}: {result.Errors[0]}", result.Errors[0].Exception);
        return result.Output;
    }

    /// <summary>Runs a script and returns everything that it wrote, terminating errors included.</summary>
    public ScriptResult Run(string script, params object?[] arguments)
    {
        using var shell = System.Management.Automation.PowerShell.Create(_runspace);
        shell.AddScript(script);
        foreach (var argument in arguments)
            shell.AddArgument(argument);
        var errors = new List<ErrorRecord>();
        Collection<PSObject> output = [];
        try
        {
            output = shell.Invoke();
        }
        catch (RuntimeException error)
        {
            errors.Add(error.ErrorRecord);
        }
        errors.AddRange(shell.Streams.Error);
        return new ScriptResult(output, errors, [.. shell.Streams.Warning.Select(warning => warning.Message)], [.. shell.Streams.Verbose.Select(record => record.Message)]);
    }

    public void Dispose() => _runspace.Dispose();

    private static string FindRoot()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
            if (File.Exists(Path.Combine(directory.FullName, "NovaCron.psd1")))
                return directory.FullName;
        throw new InvalidOperationException($"NovaCron.psd1 was not found above {AppContext.BaseDirectory}.");
    }
}
