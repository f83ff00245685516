using NovaCron.Dwcp.Transport.Transfers;

namespace NovaCron.Dwcp.PowerShell.Transfers;

/// <summary>A transfer of this process, running or ended, as Get-DwcpTransfer shows it. Its properties change while it runs.</summary>
public sealed class DwcpTransferStatus
{
    private readonly CancellationTokenSource _stop = new();
    private volatile TransferProgress? _progress;
    private volatile DwcpTransfer? _result;
    private volatile Exception? _failure;
    private volatile bool _stopped;

    internal DwcpTransferStatus(int id, string direction, Uri remote, IReadOnlyList<string> local)
    {
        Id = id;
        Direction = direction;
        Remote = remote;
        Local = local;
    }

    /// <summary>Number of the transfer in this process, from 1.</summary>
    public int Id { get; }

    /// <summary>Send or Receive.</summary>
    public string Direction { get; }

    /// <summary>The object on the node.</summary>
    public Uri Remote { get; }

    /// <summary>The paths on this side.</summary>
    public IReadOnlyList<string> Local { get; }

    /// <summary>When it was started.</summary>
    public DateTimeOffset StartedAt { get; } = DateTimeOffset.Now;

    /// <summary>Where it stands.</summary>
    public DwcpTransferState State => _result is not null ? DwcpTransferState.Completed
        : _stopped ? DwcpTransferState.Stopped
        : _failure is not null ? DwcpTransferState.Failed
        : DwcpTransferState.Running;

    /// <summary>User bytes that are safe at the receiver.</summary>
    public long UserBytes => _result?.UserBytes ?? _progress?.UserBytes ?? 0;

    /// <summary>User bytes in all, or null while unknown.</summary>
    public long? TotalBytes => _result?.UserBytes ?? _progress?.TotalBytes;

    /// <summary>User bytes per second: lately while it runs, over all once it is done.</summary>
    public double BytesPerSecond => _result?.BytesPerSecond ?? _progress?.BytesPerSecond ?? 0;

    /// <summary>Percent of the user's bytes that did not have to travel.</summary>
    public double PercentSaved => _result?.PercentSaved ?? _progress?.PercentSaved ?? 0;

    /// <summary>Time left at the present rate, or null while unknown.</summary>
    public TimeSpan? Remaining => State == DwcpTransferState.Running ? _progress?.Remaining : null;

    /// <summary>Why it failed, or null.</summary>
    public string? Error => _failure?.Message;

    /// <summary>What a completed transfer measured, or null.</summary>
    public DwcpTransfer? Result => _result;

    internal CancellationToken Stopping => _stop.Token;

    internal Task Ended { get; private set; } = Task.CompletedTask;

    internal void Stop() => _stop.Cancel();

    internal void Report(TransferProgress progress) => _progress = progress;

    /// <summary>Runs the transfer, and remembers how it ended.</summary>
    internal Task<DwcpTransfer> RunAsync(Func<CancellationToken, Task<DwcpTransfer>> transfer, CancellationToken cancellationToken)
    {
        var running = RunToEndAsync(transfer, cancellationToken);
        Ended = running.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        return running;
    }

    private async Task<DwcpTransfer> RunToEndAsync(Func<CancellationToken, Task<DwcpTransfer>> transfer, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stop.Token);
        try
        {
            var result = await transfer(either.Token).ConfigureAwait(false);
            _result = result;
            return result;
        }
        catch (OperationCanceledException)
        {
            _stopped = true;
            throw;
        }
        catch (Exception error)
        {
            _failure = error;
            throw;
        }
    }
}
