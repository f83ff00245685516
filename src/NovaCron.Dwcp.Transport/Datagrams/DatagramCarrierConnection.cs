using NovaCron.Dwcp.Transport.Paths;

namespace NovaCron.Dwcp.Transport.Datagrams;

/// <summary>A session on one stream of a <see cref="DatagramConnection"/>.</summary>
internal sealed class DatagramCarrierConnection(DatagramConnection connection, DatagramStream stream) : CarrierConnection
{
    // How long a goodbye may take to be confirmed: a few round trips, not the time-outs of a dead path.
    private static readonly TimeSpan Goodbye = TimeSpan.FromSeconds(1);

    private int _disposed;

    public override int Number => DatagramCarrier.Number;

    public override string Name => DatagramCarrier.Name;

    public override Stream Stream => stream;

    public override CarrierState ReadState()
    {
        var state = connection.State;
        return new CarrierState(
            state.MinimumRtt > 0 ? TimeSpan.FromMicroseconds(state.SmoothedRtt / 1000.0) : null,
            state.SentBytes,
            state.Lost,
            state.PacingRate,
            state.AwaitedSince == 0 ? TimeSpan.Zero : TimeSpan.FromMicroseconds((DatagramEndpoint.Clock() - state.AwaitedSince) / 1000.0));
    }

    public override void Probe() => connection.Greet();

    public override void Fail(string reason) => connection.Fail(reason);

    public override async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0) return;
        DatagramMetrics.Record(connection.State);
        stream.CompleteWrites();
        using var limit = new CancellationTokenSource(Goodbye);
        try
        {
            await stream.WaitForAcknowledgementAsync(limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Closed below all the same; whoever waits for a commit has waited before.
        }

        connection.Close(0, "The session ended.");
        await stream.DisposeAsync().ConfigureAwait(false);
    }
}
