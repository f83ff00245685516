using System.Globalization;
using System.Runtime.InteropServices;
using Garnet;
using Garnet.server.Auth.Settings;

namespace NovaCron.Dwcp.Rehearsal.Kubelet.Images;

/// <summary>
/// Runs Garnet as if it were <c>redis-server [redis.conf] [--directive value …]</c>, in a process of its own. Persistence directives are
/// accepted when they turn persistence off, which is all that a rehearsal's cache needs; a directive that it cannot honour is an error.
/// </summary>
internal static class GarnetHost
{
    /// <summary>The first argument that makes this assembly a Redis.</summary>
    public const string Verb = "redis-server";

    // Enough for a rehearsal's cache; Garnet's own default would map gigabytes.
    private static readonly string[] Footprint = ["--memory", "64m", "--page", "1m", "--segment", "64m", "--index", "4m", "--pubsub-pagesize", "64k"];

    private static readonly HashSet<string> WithoutEffect =
        ["protected-mode", "daemonize", "dir", "tcp-keepalive", "timeout", "loglevel", "databases", "maxmemory", "maxmemory-policy", "logfile", "supervised",
         "tcp-backlog", "always-show-logo", "io-threads", "rename-command"];

    /// <summary>Serves until SIGTERM or SIGINT; returns the exit code.</summary>
    public static int Run(IReadOnlyList<string> arguments)
    {
        Dictionary<string, string> directives;
        try
        {
            directives = Read(arguments);
        }
        catch (FormatException error)
        {
            Console.Error.WriteLine("*** FATAL CONFIG FILE ERROR ***");
            Console.Error.WriteLine(error.Message);
            return 1;
        }

        string[] options =
        [
            "--bind", directives.GetValueOrDefault("bind", "127.0.0.1"),
            "--port", directives.GetValueOrDefault("port", "6379"),
            "--logger-level", "Warning",
            "-q",
            .. Footprint,
        ];
        var password = directives.GetValueOrDefault("requirepass", "");
        IAuthenticationSettings? authentication = password.Length == 0 ? null : new PasswordAuthenticationSettings(password);
        using var stop = new ManualResetEventSlim();
        using var onTerminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => Stop(context, stop));
        using var onInterrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => Stop(context, stop));
        using var server = new GarnetServer(options, loggerFactory: null, cleanupDir: false, authenticationSettingsOverride: authentication);
        server.Start();
        Console.WriteLine($"Ready to accept connections tcp {directives.GetValueOrDefault("bind")}:{directives.GetValueOrDefault("port", "6379")}");
        stop.Wait();
        Console.WriteLine("User requested shutdown...");
        return 0;
    }

    /// <summary>The directives of a configuration file and of the command line; later ones win.</summary>
    /// <exception cref="FormatException">A directive cannot be understood or honoured.</exception>
    internal static Dictionary<string, string> Read(IReadOnlyList<string> arguments)
    {
        var directives = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        var next = 0;
        if (arguments.Count > 0 && !arguments[0].StartsWith("--", StringComparison.Ordinal))
        {
            next = 1;
            var lines = ReadLines(arguments[0]);
            for (var i = 0; i < lines.Length; i++)
            {
                var line = lines[i].Trim();
                if (line.Length == 0 || line[0] == '#')
                {
                    continue;
                }
                var words = line.Split((char[])[' ', '\t'], 2, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
                if (words.Length < 2)
                {
                    throw new FormatException(string.Create(CultureInfo.InvariantCulture,
                        $"Reading the configuration file, at line {i + 1}\n>>> '{line}'\nBad directive or wrong number of arguments"));
                }
                Set(directives, words[0], words[1]);
            }
        }
        while (next < arguments.Count)
        {
            var name = arguments[next++].TrimStart('-');
            var values = new List<string>();
            while (next < arguments.Count && !arguments[next].StartsWith("--", StringComparison.Ordinal))
            {
                values.Add(arguments[next++]);
            }
            Set(directives, name, string.Join(' ', values));
        }
        return directives;
    }

    private static string[] ReadLines(string path)
    {
        try
        {
            return File.ReadAllLines(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new FormatException($"Can't open config file '{path}': {error.Message}", error);
        }
    }

    private static void Set(Dictionary<string, string> directives, string name, string value)
    {
        value = value.Length >= 2 && value[0] is '"' or '\'' && value[^1] == value[0] ? value[1..^1] : value;
        switch (name.ToLowerInvariant())
        {
            case "bind" or "port" or "requirepass":
                directives[name] = value;
                break;
            case "save" when value.Length == 0:
            case "appendonly" when value == "no":
            case var known when WithoutEffect.Contains(known):
                break;
            default:
                throw new FormatException($"'{name} {value}': the rehearsal's embedded Redis (Garnet) cannot honour it. Install redis-server.");
        }
    }

    private static void Stop(PosixSignalContext context, ManualResetEventSlim stop)
    {
        context.Cancel = true;
        stop.Set();
    }
}
