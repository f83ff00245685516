using NovaCron.Dwcp.Node.Configuration;
using NovaCron.Dwcp.Node.Secrets;
using StackExchange.Redis;

namespace NovaCron.Dwcp.Node.Cache;

/// <summary>
/// The connection to Redis, as a cache only: every call may find nothing, none throws for a Redis that is away, and nothing waits for it longer than
/// half a second. Connects in the background and again when the password is rotated.
/// </summary>
internal sealed class RedisCache : IAsyncDisposable
{
    private const int TimeoutMilliseconds = 500;

    private readonly NodeOptions _options;
    private readonly Func<string, string?> _environment;
    private readonly ILogger _log;
    private readonly Lock _gate = new();
    // One connection after the other: of two passwords that follow each other closely, the last one wins.
    private readonly SemaphoreSlim _connecting = new(1);
    private ConnectionMultiplexer? _connection;
    private string? _password;
    private bool _wasUp;
    private long _hits;
    private long _misses;
    private long _errors;

    public RedisCache(NodeOptions options, Func<string, string?> environment, ILogger log)
    {
        _options = options;
        _environment = environment;
        _log = log;
    }

    /// <summary>Whether Redis is configured and connected.</summary>
    public bool IsUp => Volatile.Read(ref _connection) is { IsConnected: true };

    /// <summary>Keys that were found.</summary>
    public long Hits => Interlocked.Read(ref _hits);

    /// <summary>Keys that were not there.</summary>
    public long Misses => Interlocked.Read(ref _misses);

    /// <summary>Calls that Redis did not answer.</summary>
    public long Errors => Interlocked.Read(ref _errors);

    /// <summary>Why the last call failed.</summary>
    public string? LastError { get; private set; }

    /// <summary>Connects, or connects again when the password is another one. Returns at once; the connection comes up in the background.</summary>
    public async Task UseAsync(NodeSecrets secrets)
    {
        if (_options.Redis is not { } address) return;
        await _connecting.WaitAsync().ConfigureAwait(false);
        try
        {
            await ConnectAsync(address, secrets).ConfigureAwait(false);
        }
        finally
        {
            _connecting.Release();
        }
    }

    private async Task ConnectAsync(RedisAddress address, NodeSecrets secrets)
    {
        ConnectionMultiplexer? old;
        lock (_gate)
        {
            if (_connection is not null && _password == secrets.RedisPassword) return;
            _password = secrets.RedisPassword;
            old = _connection;
        }

        var configuration = new ConfigurationOptions
        {
            EndPoints = { { ServiceAddress.Resolve(address.Host, _options.Namespace, _environment), address.Port } },
            Password = secrets.RedisPassword,
            ClientName = _options.PodName,
            AbortOnConnectFail = false,
            ConnectTimeout = 2000,
            SyncTimeout = TimeoutMilliseconds,
            AsyncTimeout = TimeoutMilliseconds,
            ConnectRetry = 1,
            // A cache that is away is a miss now, not an answer later.
            BacklogPolicy = BacklogPolicy.FailFast,
        };
        var connection = await ConnectionMultiplexer.ConnectAsync(configuration).ConfigureAwait(false);
        lock (_gate) _connection = connection;
        if (old is not null) await old.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Tells the log when Redis went or came back; called now and then.</summary>
    public void Watch()
    {
        if (_options.Redis is null || IsUp == _wasUp) return;
        _wasUp = IsUp;
        if (_wasUp) _log.LogInformation("Redis {Address} is connected.", _options.Redis);
        else _log.LogWarning("Redis {Address} is away; the node goes on without its cache. {Reason}", _options.Redis, LastError ?? "");
    }

    /// <summary>Time of a round trip, or null when there is none.</summary>
    public Task<TimeSpan?> PingAsync(CancellationToken cancellationToken) =>
        TryAsync<TimeSpan?>(async database => await database.PingAsync().WaitAsync(cancellationToken).ConfigureAwait(false), null);

    /// <summary>Keeps a value for a while and notes its name in a set, ordered by time, from which old names are dropped.</summary>
    public Task<bool> PublishAsync(string set, string name, string value, DateTimeOffset now, TimeSpan lifetime) => TryAsync(async database =>
    {
        var batch = database.CreateBatch();
        Task[] writes =
        [
            batch.StringSetAsync($"{set}:{name}", value, lifetime),
            batch.SortedSetAddAsync(set, name, now.ToUnixTimeSeconds()),
            batch.SortedSetRemoveRangeByScoreAsync(set, double.NegativeInfinity, (now - (20 * lifetime)).ToUnixTimeSeconds()),
        ];
        batch.Execute();
        await Task.WhenAll(writes).ConfigureAwait(false);
        return true;
    }, false);

    /// <summary>The names in the set with the values that are still kept; null where one has expired.</summary>
    public Task<IReadOnlyList<KeyValuePair<string, string?>>> ReadAsync(string set) => TryAsync<IReadOnlyList<KeyValuePair<string, string?>>>(async database =>
    {
        var names = await database.SortedSetRangeByRankAsync(set, 0, 1999).ConfigureAwait(false);
        if (names.Length == 0) return [];
        var values = await database.StringGetAsync([.. names.Select(name => (RedisKey)$"{set}:{name}")]).ConfigureAwait(false);
        var found = values.Count(value => value.HasValue);
        Interlocked.Add(ref _hits, found);
        Interlocked.Add(ref _misses, values.Length - found);
        return [.. names.Zip(values, (name, value) => KeyValuePair.Create(name.ToString(), (string?)value))];
    }, []);

    /// <summary>Forgets a value and its name.</summary>
    public Task<bool> WithdrawAsync(string set, string name) => TryAsync(async database =>
    {
        await database.SortedSetRemoveAsync(set, name).ConfigureAwait(false);
        await database.KeyDeleteAsync($"{set}:{name}").ConfigureAwait(false);
        return true;
    }, false);

    public async ValueTask DisposeAsync()
    {
        if (_connection is { } connection) await connection.DisposeAsync().ConfigureAwait(false);
        _connecting.Dispose();
    }

    private async Task<T> TryAsync<T>(Func<IDatabase, Task<T>> call, T absent)
    {
        if (Volatile.Read(ref _connection) is not { IsConnected: true } connection) return absent;
        try
        {
            return await call(connection.GetDatabase()).ConfigureAwait(false);
        }
        catch (Exception error) when (error is RedisException or TimeoutException or ObjectDisposedException)
        {
            Interlocked.Increment(ref _errors);
            LastError = error.GetType().Name;
            return absent;
        }
    }
}
