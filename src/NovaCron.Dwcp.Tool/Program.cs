using NovaCron.Dwcp.Operations.Cluster;
using NovaCron.Dwcp.Operations.Staging;
using NovaCron.Dwcp.Tool.CommandLine;
using NovaCron.Dwcp.Tool.Commands;

using var interrupt = new CancellationTokenSource();
Console.CancelKeyPress += (_, press) =>
{
    // The second Ctrl+C ends the process as usual.
    press.Cancel = !interrupt.IsCancellationRequested;
    interrupt.Cancel();
};

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
