using System.Buffers;
using System.Collections.Concurrent;
using NovaCron.Dwcp.Transport;
using NovaCron.Dwcp.Transport.Transfers;

namespace NovaCron.Dwcp.Rehearsal.Traffic;

/// <summary>
/// A seeded population of clients that sends real transfers at a set rate and keeps account of every one:
/// sent, acknowledged, retried, failed, lost; and reads acknowledged data back.
/// Open loop: a slow node does not slow the arrivals down, so its slowness is seen in full.
/// </summary>
public sealed class TrafficGenerator : IAsyncDisposable
{
    private const int FailuresKept = 32;

    // How it sends.
    private readonly TrafficOptions _options;
    private readonly TimeProvider _time;
    private readonly TransferClient _client;
    private readonly string _prefix;
    private readonly double _totalWeight;
    private readonly SemaphoreSlim _slots;
    private readonly CancellationTokenSource _stopSending = new();
    private readonly CancellationTokenSource _abort = new();
    private readonly ConcurrentDictionary<long, Task> _running = new();
    private double _rate;
    private Task _pacing = Task.CompletedTask;
    private Task<TrafficSnapshot>? _stopping;
    private TrafficTimeline? _timeline;
    private long _startedAt;

    // What it counts.
    private readonly TrafficTally _v1 = new();
    private readonly TrafficTally _v3 = new();
    private readonly ConcurrentQueue<long> _unread = new();
    private readonly Queue<TrafficFailure> _failures = new();
    private long _sent;
    private long _retried;
    private long _failedUndecided;
    private long _unacknowledged;
    private long _verified;
    private long _unreadable;
    private long _delayed;
    private long _bytes;

    /// <param name="options">What to send; checked here.</param>
    /// <param name="time">Clock; the system's by default.</param>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    public TrafficGenerator(TrafficOptions options, TimeProvider? time = null)
    {
        options.Validate();
        _options = options;
        _time = time ?? TimeProvider.System;
        _rate = options.Rate;
        _client = new TransferClient(ClientProtocols.All, _time);
        _prefix = options.Target.GetLeftPart(UriPartial.Path).TrimEnd('/');
        _totalWeight = options.PayloadSizes.Sum(size => size.Weight);
        _slots = new SemaphoreSlim(options.MaximumConcurrency);
    }

    /// <summary>Requests per second; takes effect with the next request.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not above 0 or too high.</exception>
    public double Rate
    {
        get => Volatile.Read(ref _rate);
        set
        {
            TrafficOptions.ThrowIfNotRate(value);
            Volatile.Write(ref _rate, value);
        }
    }

    /// <summary>Begins to send and returns. Call once.</summary>
    public void Start()
    {
        if (_timeline is not null) throw new InvalidOperationException("The traffic runs already. Make another generator for another run.");
        _timeline = new TrafficTimeline(_time);
        _startedAt = _time.GetTimestamp();
        _pacing = Task.Run(PaceAsync);
    }

    /// <summary>The counts now.</summary>
    public TrafficSnapshot GetSnapshot()
    {
        TrafficFailure[] failures;
        lock (_failures) failures = [.. _failures];
        // Outcomes before sent, so that a request that ends in between is never an outcome without having been sent.
        var (v1, v3, unacknowledged) = (_v1.Read(), _v3.Read(), Interlocked.Read(ref _unacknowledged));
        var sent = Interlocked.Read(ref _sent);
        return new TrafficSnapshot
        {
            At = _time.GetUtcNow(),
            Elapsed = _timeline is null ? TimeSpan.Zero : _time.GetElapsedTime(_startedAt),
            Rate = Rate,
            Sent = sent,
            Acknowledged = v1.Acknowledged + v3.Acknowledged,
            InFlight = sent - v1.Acknowledged - v3.Acknowledged - unacknowledged,
            Retried = Interlocked.Read(ref _retried),
            FailedAttempts = v1.FailedAttempts + v3.FailedAttempts + Interlocked.Read(ref _failedUndecided),
            FailedUndecided = Interlocked.Read(ref _failedUndecided),
            Unacknowledged = unacknowledged,
            Verified = Interlocked.Read(ref _verified),
            Unreadable = Interlocked.Read(ref _unreadable),
            Delayed = Interlocked.Read(ref _delayed),
            AcknowledgedBytes = Interlocked.Read(ref _bytes),
            V1 = v1,
            V3 = v3,
            RecentFailures = failures,
        };
    }

    /// <summary>One entry for every finished second since the start, oldest first.</summary>
    public IReadOnlyList<TrafficSecond> GetSeries() => _timeline?.Read() ?? [];

    /// <summary>Stops sending, waits for the requests under way, reads every acknowledged object back that was not read yet, and gives the final counts.</summary>
    /// <param name="cancellationToken">Gives up the reading back; the counts then tell how many were verified.</param>
    public Task<TrafficSnapshot> StopAsync(CancellationToken cancellationToken = default)
    {
        lock (_failures) return _stopping ??= StopOnceAsync(cancellationToken);
    }

    /// <summary>Stops at once without reading back.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopSending.CancelAsync().ConfigureAwait(false);
        await _abort.CancelAsync().ConfigureAwait(false);
        await _pacing.ConfigureAwait(false);
        await Task.WhenAll(_running.Values).ConfigureAwait(false);
        if (_stopping is { } stopping) await ((Task)stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _client.DisposeAsync().ConfigureAwait(false);
        _stopSending.Dispose();
        _abort.Dispose();
        _slots.Dispose();
    }

    private async Task<TrafficSnapshot> StopOnceAsync(CancellationToken cancellationToken)
    {
        await _stopSending.CancelAsync().ConfigureAwait(false);
        await _pacing.ConfigureAwait(false);
        // Each ends by itself: acknowledged, or given up at its own limit.
        await Task.WhenAll(_running.Values).ConfigureAwait(false);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _abort.Token);
        await Task.WhenAll(Enumerable.Range(0, _options.VerifyConcurrency).Select(reader => ReadRestAsync(reader, stop.Token))).ConfigureAwait(false);
        return GetSnapshot();
    }

    private async Task PaceAsync()
    {
        var token = _stopSending.Token;
        var arrivals = TrafficPayload.Start(_options.Seed, -1);
        var next = TimeSpan.Zero;
        try
        {
            for (long request = 0; ; request++)
            {
                var gap = 1 / Rate;
                if (_options.Arrivals == TrafficArrivals.Poisson) gap *= -Math.Log(1 - TrafficPayload.NextShare(ref arrivals));
                next += TimeSpan.FromSeconds(gap);
                var wait = next - _time.GetElapsedTime(_startedAt);
                // Timers are a millisecond coarse: what is due within one goes out now, and the mean rate is kept.
                if (wait > TimeSpan.FromMilliseconds(1)) await Task.Delay(wait, _time, token).ConfigureAwait(false);
                var arrivedAt = _time.GetTimestamp();
                if (!_slots.Wait(0, CancellationToken.None))
                {
                    Interlocked.Increment(ref _delayed);
                    await _slots.WaitAsync(token).ConfigureAwait(false);
                }

                var number = request;
                Interlocked.Increment(ref _sent);
                _timeline!.Sent();
                // Registered and forgotten by this loop alone, so that stopping waits for every one that runs and sees one that broke.
                _running[number] = SendAsync(number, arrivedAt);
                if (number % 64 == 0) ForgetFinished();
            }
        }
        catch (OperationCanceledException) when (token.IsCancellationRequested)
        {
            // Told to stop.
        }
    }

    private void ForgetFinished()
    {
        foreach (var (number, task) in _running)
        {
            if (task.IsCompletedSuccessfully) _running.TryRemove(number, out _);
        }
    }

    private async Task SendAsync(long request, long arrivedAt)
    {
        await Task.Yield();
        var stream = TrafficPayload.Start(_options.Seed, request);
        var client = (int)(TrafficPayload.Next(ref stream) % (ulong)_options.ClientCount);
        var length = DrawLength(ref stream);
        var readBack = TrafficPayload.NextShare(ref stream) < _options.ReadBackShare;
        var clientId = $"traffic-{_options.Seed}-{client:00000}";
        var payload = ArrayPool<byte>.Shared.Rent(length);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_abort.Token);
        var version = 0;
        var attempt = 0;
        try
        {
            TrafficPayload.Fill(payload.AsSpan(0, length), _options.Seed, request);
            limit.CancelAfter(_options.LostAfter - _time.GetElapsedTime(arrivedAt) is { Ticks: > 0 } left ? left : TimeSpan.FromTicks(1));
            var sent = await _client.SendAsync(
                CreateRequest(request, clientId, client < _options.V1OnlyShare * _options.ClientCount) with
                {
                    FreshSession = !_options.ReuseSessions,
                    GiveUpAfter = _options.LostAfter,
                    AttemptFailed = failed =>
                    {
                        (version, attempt) = (failed.Version, failed.Number);
                        Interlocked.Increment(ref _retried);
                        Fail(failed.Version, new TrafficFailure(_time.GetUtcNow(), request, clientId, failed.Version, failed.Number, false, failed.Failure.Message));
                    },
                },
                TransferSource.FromMemory(payload.AsMemory(0, length)), cancellationToken: limit.Token).ConfigureAwait(false);
            var latency = _time.GetElapsedTime(arrivedAt);
            (sent.Version == 3 ? _v3 : _v1).Acknowledged(latency);
            Interlocked.Add(ref _bytes, length);
            _timeline!.Acknowledged(sent.Version, length, latency);
        }
        catch (Exception error) when (error is DwcpTransferException or OperationCanceledException)
        {
            // An aborted generator says nothing about its requests: they stay in flight.
            if (_abort.IsCancellationRequested) return;
            Interlocked.Increment(ref _unacknowledged);
            _timeline!.Lost();
            var reason = error is OperationCanceledException ? $"not acknowledged within {_options.LostAfter.TotalSeconds:0.#} s" : error.Message;
            Fail(version, new TrafficFailure(_time.GetUtcNow(), request, clientId, version, attempt + 1, true, reason));
            return;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(payload);
            _slots.Release();
        }

        if (readBack) await ReadAsync(request, clientId, freshSession: !_options.ReuseSessions, _abort.Token).ConfigureAwait(false);
        else _unread.Enqueue(request);
    }

    private async Task ReadRestAsync(int reader, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested && _unread.TryDequeue(out var request))
            await ReadAsync(request, $"traffic-{_options.Seed}-reader-{reader}", freshSession: false, cancellationToken).ConfigureAwait(false);
    }

    private async Task ReadAsync(long request, string clientId, bool freshSession, CancellationToken cancellationToken)
    {
        var stream = TrafficPayload.Start(_options.Seed, request);
        _ = TrafficPayload.Next(ref stream);
        var length = DrawLength(ref stream);
        var expected = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            var sink = TransferSink.ToMemory(Math.Max(length, 1));
            await _client.ReceiveAsync(CreateRequest(request, clientId, v1Only: false) with { FreshSession = freshSession, GiveUpAfter = TimeSpan.FromSeconds(30) }, sink,
                cancellationToken: cancellationToken).ConfigureAwait(false);
            TrafficPayload.Fill(expected.AsSpan(0, length), _options.Seed, request);
            if (sink.Bytes.Span.SequenceEqual(expected.AsSpan(0, length))) Interlocked.Increment(ref _verified);
            else Lose("the object that was read back is not what was sent");
        }
        catch (DwcpTransferException error)
        {
            Lose($"acknowledged, but cannot be read back: {error.Message}");
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            _unread.Enqueue(request);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(expected);
        }

        void Lose(string reason)
        {
            Interlocked.Increment(ref _unreadable);
            _timeline!.Lost();
            Remember(new TrafficFailure(_time.GetUtcNow(), request, clientId, 0, 1, true, reason));
        }
    }

    private TransferRequest CreateRequest(long request, string clientId, bool v1Only) => new()
    {
        Remote = new Uri($"{_prefix}/{request / 1000:x4}/{request:x8}"),
        ClientId = clientId,
        ApiKey = _options.ApiKey,
        TrustedCertificates = _options.TrustedCertificates,
        ServerName = _options.ServerName,
        Versions = v1Only ? [1] : [1, 3],
        AttemptsBeforeV1 = _options.AttemptsBeforeV1,
        ConnectTimeout = _options.ConnectTimeout,
    };

    private int DrawLength(ref ulong stream)
    {
        var pick = TrafficPayload.NextShare(ref stream) * _totalWeight;
        var step = _options.PayloadSizes[^1];
        foreach (var size in _options.PayloadSizes)
        {
            if (pick < size.Weight)
            {
                step = size;
                break;
            }

            pick -= size.Weight;
        }

        return step.MinimumBytes + (int)(TrafficPayload.NextShare(ref stream) * (step.MaximumBytes - step.MinimumBytes + 1.0));
    }

    private void Fail(int version, TrafficFailure failure)
    {
        if (version == 3) _v3.Failed();
        else if (version == 1) _v1.Failed();
        else Interlocked.Increment(ref _failedUndecided);
        _timeline!.Failed(version);
        Remember(failure);
    }

    private void Remember(TrafficFailure failure)
    {
        lock (_failures)
        {
            if (_failures.Count == FailuresKept) _failures.Dequeue();
            _failures.Enqueue(failure);
        }
    }
}
