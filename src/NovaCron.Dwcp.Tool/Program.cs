using System.Runtime.InteropServices;
using NovaCron.Dwcp.Operations.Cluster;
using NovaCron.Dwcp.Operations.Staging;
using NovaCron.Dwcp.Tool.CommandLine;
using NovaCron.Dwcp.Tool.Commands;

using var interrupt = new CancellationTokenSource();
// Ctrl+C, and what timeout, systemd and a shell that goes away send: whoever works puts away what it has on the machine.
using var pressed = PosixSignalRegistration.Create(PosixSignal.SIGINT, Interrupt);
using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Interrupt);

try
{
    return await ToolCommands.RunAsync(args, interrupt.Token).ConfigureAwait(false);
}
catch (ToolException error)
{
    await Console.Error.WriteLineAsync($"dwcp: {error.Message}").ConfigureAwait(false);
    return error.ExitCode;
}
catch (Exception error) when (error is DwcpStagingException or DwcpClusterException)
{
    // A bench's own staging: the message names the object and the remedy.
    await Console.Error.WriteLineAsync($"dwcp: {error.Message}").ConfigureAwait(false);
    return ExitCode.Failure;
}
catch (OperationCanceledException) when (interrupt.IsCancellationRequested)
{
    return ExitCode.Interrupted;
}

void Interrupt(PosixSignalContext signal)
{
    // The second signal ends the process as usual.
    signal.Cancel = !interrupt.IsCancellationRequested;
    interrupt.Cancel();
}
