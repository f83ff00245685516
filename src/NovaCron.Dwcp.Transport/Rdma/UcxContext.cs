using System.Text;

namespace NovaCron.Dwcp.Transport.Rdma;

/// <summary>UCX with one choice of transports: owns devices and registered memory. Made and used by one thread at a time.</summary>
internal sealed unsafe class UcxContext : IDisposable
{
    // Contexts share the library's configuration tables and component lists: made and given back one at a time.
    private static readonly object Global = new();

    // Until 1.15 the InfiniBand transports have a cache of registrations (REG_METHODS in ib_md.c of v1.13.1, v1.14.1 and v1.15.0; gone in v1.16.0) below UCP's own, which cannot be switched off: RCACHE_ENABLE=n
    // makes 1.18.1 and 1.23 rc1 crash.
    private static readonly Version WithoutTransportCache = new(1, 16);

    private readonly UcxLibrary _library;
    private nint _context;
    private int _regions;

    /// <param name="library">The library.</param>
    /// <param name="transports">UCX_TLS, such as <c>posix,sysv,self,tcp</c> or <c>rc_verbs,self</c>; null for what the environment or UCX itself chooses.</param>
    /// <param name="letsIn">Peers get keys to its memory. Then, before version 1.16, the transports cache no registrations: their cache would leave a
    /// region open to who has its key after it was given back (seen on soft-RoCE with 1.13.1: a put into it succeeded, and is refused without the cache). Other versions were not tried on a device; what
    /// holds there, too, is that a worker process serves one session and ends with it, and its registrations with it.</param>
    /// <exception cref="UcxException">None of the transports is there.</exception>
    public UcxContext(UcxLibrary library, string? transports, bool letsIn)
    {
        _library = library;
        lock (Global) Begin(transports, letsIn);
    }

    private void Begin(string? transports, bool letsIn)
    {
        nint configuration;
        Check(Native.ConfigRead(null, null, &configuration), "read its configuration");
        try
        {
            if (transports is not null) Set(configuration, "TLS", transports);
            // Without the prefix IB_ of its variable: uct_config_modify knows none, and takes a name that it does not know in silence.
            if (letsIn && _library.Version < WithoutTransportCache) Set(configuration, "REG_METHODS", "direct");
            var parameters = new UcxNative.ContextParams { Mask = 1, Features = UcxNative.FeatureRma | UcxNative.FeatureWakeup | UcxNative.FeatureAm };
            nint context;
            Check(Native.InitVersion(UcxNative.ApiMajor, UcxNative.ApiMinor, &parameters, configuration, &context), $"begin with transports {transports ?? "of its own choice"}");
            _context = context;
        }
        finally
        {
            Native.ConfigRelease(configuration);
        }
    }

    public UcxNative Native => _library.Native;

    public nint Handle => _context;

    /// <summary>Regions that are mapped and not yet given back.</summary>
    public int Regions => Volatile.Read(ref _regions);

    /// <summary>Allocates memory that a peer can be let into, and registers it with every device.</summary>
    /// <exception cref="UcxException">The system's limit of locked memory does not allow it, or there is none.</exception>
    public UcxRegion Map(long bytes)
    {
        var region = new UcxRegion(this, bytes);
        Interlocked.Increment(ref _regions);
        return region;
    }

    public void Unmapped() => Interlocked.Decrement(ref _regions);

    public UcxWorker CreateWorker()
    {
        lock (Global) return new UcxWorker(this);
    }

    /// <exception cref="UcxException">The status is an error.</exception>
    public void Check(int status, string what)
    {
        if (status < 0) throw new UcxException(status, $"UCX cannot {what}: {Native.Explain(status)}.");
    }

    public void Dispose()
    {
        if (_context == 0) return;
        lock (Global) Native.Cleanup(_context);
        _context = 0;
    }

    private void Set(nint configuration, string name, string value)
    {
        fixed (byte* n = Encoding.ASCII.GetBytes(name + "\0"))
        fixed (byte* v = Encoding.ASCII.GetBytes(value + "\0"))
        {
            Check(Native.ConfigModify(configuration, n, v), $"take the setting {name}={value}");
        }
    }
}
