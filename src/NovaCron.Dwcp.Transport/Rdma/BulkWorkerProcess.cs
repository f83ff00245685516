using System.Diagnostics;
using NovaCron.Dwcp.Transport.Protocol;

namespace NovaCron.Dwcp.Transport.Rdma;

/// <summary>A worker process and the pipes to it; killed when disposed, whatever it is doing.</summary>
internal sealed class BulkWorkerProcess : IAsyncDisposable
{
    private readonly Process _process;

    private BulkWorkerProcess(Process process)
    {
        _process = process;
        Channel = new FrameChannel(new DuplexPipe(process.StandardOutput.BaseStream, process.StandardInput.BaseStream)) { MaxFrameBytes = WireLimits.MaxFrame };
    }

    public FrameChannel Channel { get; }

    /// <param name="command">Program and arguments.</param>
    /// <param name="job">What to do.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task<BulkWorkerProcess> StartAsync(IReadOnlyList<string> command, BulkJob job, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(command[0]) { RedirectStandardInput = true, RedirectStandardOutput = true, UseShellExecute = false };
        foreach (var argument in command.Skip(1)) start.ArgumentList.Add(argument);
        // It needs nothing of the node's settings, and shall know none.
        foreach (var name in start.Environment.Keys.Where(k => k.StartsWith("DWCP_", StringComparison.Ordinal) || k.StartsWith("REDIS_", StringComparison.Ordinal)).ToArray()) start.Environment.Remove(name);
        // It lives for one stream: its few loops are compiled for speed at once, not after they ran slowly for a while.
        start.Environment["DOTNET_TieredCompilation"] = "0";
        BulkWorkerProcess worker;
        try
        {
            worker = new BulkWorkerProcess(Process.Start(start)!);
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new DwcpTransferException(DwcpErrorCode.BulkUnavailable, DwcpFault.Server, $"The process for UCX cannot be started ({command[0]}): {e.Message}", e);
        }

        try
        {
            using var frame = new WireWriter();
            job.Write(frame);
            await worker.Channel.WriteAsync(FrameType.BulkPut, BulkWorker.Stream, frame, cancellationToken).ConfigureAwait(false);
            await worker.Channel.FlushAsync(cancellationToken).ConfigureAwait(false);
            return worker;
        }
        catch (Exception e)
        {
            await worker.DisposeAsync().ConfigureAwait(false);
            if (e is DwcpTransferException { Fault: DwcpFault.Network }) throw Died(e);
            throw;
        }
    }

    /// <exception cref="DwcpTransferException">The worker failed, or died.</exception>
    public async Task<Frame> ReadAsync(CancellationToken cancellationToken)
    {
        Frame? frame;
        try
        {
            frame = await Channel.ReadAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (DwcpTransferException e) when (e.Fault == DwcpFault.Network)
        {
            throw Died(e);
        }

        if (frame is null) throw Died(null);
        if (frame.Type != FrameType.Error) return frame;
        using (frame) throw ErrorFrame.Read(frame.Payload.Span);
    }

    /// <summary>Hands a frame of the peer on.</summary>
    /// <exception cref="DwcpTransferException">The worker died.</exception>
    public async Task PassAsync(Frame frame, CancellationToken cancellationToken)
    {
        try
        {
            await Channel.WriteAsync(frame.Type, BulkWorker.Stream, frame.Payload, cancellationToken).ConfigureAwait(false);
            await Channel.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (DwcpTransferException e) when (e.Fault == DwcpFault.Network)
        {
            throw Died(e);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Channel.DisposeAsync().ConfigureAwait(false);
        if (!_process.HasExited) _process.Kill();
        await _process.WaitForExitAsync().ConfigureAwait(false);
        _process.Dispose();
    }

    // A broken pipe to our own process is our failure, not the network's.
    private static DwcpTransferException Died(Exception? cause) =>
        new(DwcpErrorCode.ServerFailure, DwcpFault.Server, "The node's process for UCX died. What was verified is kept; try again.", cause);
}
