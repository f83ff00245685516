using System.Collections.Concurrent;
using System.Net;
using NovaCron.Dwcp.Transport.Scheduling;

namespace NovaCron.Dwcp.Transport.Paths;

/// <summary>Carries a node's sessions over several TLS connections each. A connection joins by a token that its session was given inside TLS, which serves once a connection.</summary>
public sealed class TcpStreamsServerCarrier : IServerCarrier
{
    private readonly ConcurrentDictionary<string, Gathering> _gatherings = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public int Number => TcpStreamsCarrier.Number;

    /// <inheritdoc/>
    public string Name => TcpStreamsCarrier.Name;

    /// <inheritdoc/>
    public void Start(IPEndPoint dataEndPoint)
    {
        // The connections come to the data port itself.
    }

    /// <inheritdoc/>
    public CarrierOffer Accept(ServerCarrierRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        var streams = TcpStreamsCarrier.ReadOffer(request.Offer.Span);
        var token = TcpStreamsCarrier.NewToken();
        var name = Convert.ToHexString(token);
        var gathering = new Gathering(streams);
        _gatherings[name] = gathering;
        return new CarrierOffer(TcpStreamsCarrier.WriteAnswer(token), gathering.Connected, () =>
        {
            _gatherings.TryRemove(name, out _);
            gathering.Abandon();
        });
    }

    /// <summary>Serves a connection that says it belongs to a session.</summary>
    /// <param name="token">What it presented.</param>
    /// <param name="lane">The connection, after TLS.</param>
    /// <param name="answer">Tells the client that it joined; called before anything else is written.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>Completes when the session does not need the connection any more.</returns>
    /// <exception cref="DwcpTransferException">No session waits for it.</exception>
    internal async Task JoinAsync(ReadOnlyMemory<byte> token, Stream lane, Func<Task> answer, CancellationToken cancellationToken)
    {
        var name = Convert.ToHexString(token.Span);
        // Looked up by a hash of 256 random bits: what a stranger learns from timing is not the token.
        if (!_gatherings.TryGetValue(name, out var gathering) || !gathering.TryReserve(out var last))
            throw new DwcpTransferException(DwcpErrorCode.NotPermitted, DwcpFault.Client, "No session waits for this connection.");
        if (last) _gatherings.TryRemove(name, out _);
        await answer().ConfigureAwait(false);
        await gathering.AddAsync(lane).WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        foreach (var gathering in _gatherings.Values) gathering.Abandon();
        _gatherings.Clear();
        return ValueTask.CompletedTask;
    }

    /// <summary>The connections of one session, until all are there.</summary>
    private sealed class Gathering(int streams)
    {
        private readonly object _gate = new();
        private readonly List<Stream> _lanes = [];
        private readonly TaskCompletionSource<CarrierConnection> _connected = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _reserved;
        private bool _abandoned;

        public Task<CarrierConnection> Connected => _connected.Task;

        public bool TryReserve(out bool last)
        {
            lock (_gate)
            {
                last = _reserved + 1 == streams;
                if (_abandoned || _reserved == streams) return false;
                _reserved++;
                return true;
            }
        }

        public Task AddAsync(Stream lane)
        {
            StripedStream? whole = null;
            lock (_gate)
            {
                _lanes.Add(lane);
                if (!_abandoned && _lanes.Count == streams) whole = new StripedStream(_lanes);
            }

            if (whole is not null) _ = ServeAsync(whole);
            return _over.Task;
        }

        public void Abandon()
        {
            lock (_gate) _abandoned = true;
            if (_connected.TrySetCanceled()) _over.TrySetResult();
        }

        private async Task ServeAsync(StripedStream whole)
        {
            try
            {
                await whole.FirstBlock.ConfigureAwait(false);
                if (!_connected.TrySetResult(new TcpStreamsConnection(whole, streams, () => []))) whole.Fail("The session went another way.");
            }
            catch (IOException)
            {
                _connected.TrySetCanceled(); // the client sees its connections end
            }

            await whole.Ended.ConfigureAwait(false);
            _over.TrySetResult();
        }
    }
}
