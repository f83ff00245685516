using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Reflection;
using Microsoft.PowerShell;
using NovaCron.Dwcp.Tool.CommandLine;
using NovaCron.Dwcp.Tool.Screens;

namespace NovaCron.Dwcp.Tool.Hosting;

/// <summary>Runs a runbook in an embedded PowerShell with the NovaCron module and the rehearsal's cmdlets.</summary>
internal static class RunbookRunner
{
    /// <returns>The runbook's exit code: what it exits with, else 1 if it failed or wrote errors, else that of its last result.</returns>
    public static async Task<int> RunAsync(RunbookScript script, IReadOnlyDictionary<string, object> parameters, IScreen screen, CancellationToken cancellationToken)
    {
        var session = new RunbookSession(screen);
        await using var _ = session.ConfigureAwait(false);
        var host = new RunbookHost(session);
        using var runspace = RunspaceFactory.CreateRunspace(host, CreateState());
        runspace.Open();
        using var shell = PowerShell.Create(runspace);
        shell.AddCommand(script.Path);
        foreach (var (name, value) in parameters)
            shell.AddParameter(name, value);
        // Errors travel with the output, so that both appear in their order.
        shell.Commands.Commands[0].MergeMyResults(PipelineResultTypes.Error, PipelineResultTypes.Output);
        shell.AddCommand(RecordResultCommand.Name).AddCommand("Out-Default");
        using var stop = cancellationToken.Register(() => shell.BeginStop(null, null));
        try
        {
            await Task.Run(() => shell.Invoke(), CancellationToken.None).ConfigureAwait(false);
        }
        catch (PipelineStoppedException)
        {
            return ExitCode.Interrupted;
        }
        catch (RuntimeException error)
        {
            session.HadErrors = true;
            ErrorText.Write(screen, error.ErrorRecord);
        }
        if (cancellationToken.IsCancellationRequested)
            return ExitCode.Interrupted;
        if (script.Exits && runspace.SessionStateProxy.GetVariable("LASTEXITCODE") is int exit)
            return exit;
        return session.HadErrors ? ExitCode.Failure : host.ExitCode ?? session.ResultExitCode ?? ExitCode.Success;
    }

    private static InitialSessionState CreateState()
    {
        var state = InitialSessionState.CreateDefault2();
        state.ThrowOnRunspaceOpenError = true;
        if (OperatingSystem.IsWindows())
            state.ExecutionPolicy = ExecutionPolicy.Bypass;
        state.ImportPSModule([Repository.ModuleManifest]);
        foreach (var type in typeof(RunbookRunner).Assembly.GetTypes())
            if (type.GetCustomAttribute<CmdletAttribute>() is { } cmdlet)
                state.Commands.Add(new SessionStateCmdletEntry($"{cmdlet.VerbName}-{cmdlet.NounName}", type, null));
        state.Formats.Add(new SessionStateFormatEntry(Path.Combine(AppContext.BaseDirectory, "Rehearsal", "Rehearsal.format.ps1xml")));
        return state;
    }
}
