using System.Diagnostics;
using System.Globalization;
using NovaCron.Dwcp.Codec;

namespace NovaCron.Dwcp.Benchmarks.Codec;

/// <summary>
/// Runs every codec over members of a corpus directory. With one thread its CPU time counts, so that a shared machine's other work does
/// not; with more the wall time does, and only a quiet machine gives figures that mean anything.
/// </summary>
internal sealed class CodecBenchmark(int threads, double seconds)
{
    /// <summary>
    /// Seconds of runs that are not counted, once for each of our levels and direction: the runtime compiles a loop for speed after it has been
    /// called thirty times and a tenth of a second has passed. Peers are compiled already.
    /// </summary>
    private const double WarmUp = 1;

    /// <summary>A round's expansion is the best of so many: it takes a twentieth of the time that compression does.</summary>
    private const int Expansions = 3;

    private readonly HashSet<string> _warm = [];

    /// <summary>Measures; the best of several runs counts, each result decoded and compared byte for byte.</summary>
    public List<CodecResult> Run(IReadOnlyList<ICodec> codecs, FileInfo member, int limit)
    {
        List<CodecResult> results = [];
        byte[] data = Read(member, limit);
        foreach (ICodec codec in codecs)
        {
            CodecResult result = Measure(codec, member.Name, data);
            results.Add(result);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{result.Member,-14} {result.Codec,-16} {result.Length,10} -> {result.Encoded,10}  {result.Saved,6:F2} %  enc {result.EncodeSpeed,8:F1}  dec {result.DecodeSpeed,8:F1} MB/s"));
        }

        return results;
    }

    /// <summary>All-zero pages are taken out: every codec does well on them and they would hide the rest.</summary>
    private static byte[] Read(FileInfo member, int limit)
    {
        const int Page = 4096;
        byte[] all = File.ReadAllBytes(member.FullName);
        var kept = new MemoryStream(Math.Min(all.Length, limit));
        for (int at = 0; at < all.Length && kept.Length < limit; at += Page)
        {
            ReadOnlySpan<byte> page = all.AsSpan(at, Math.Min(Page, all.Length - at));
            if (!BlockCodec.IsZero(page))
            {
                kept.Write(page);
            }
        }

        return kept.Length > 0 ? kept.ToArray() : all.AsSpan(0, Math.Min(all.Length, limit)).ToArray();
    }

    private CodecResult Measure(ICodec codec, string member, byte[] data)
    {
        var trial = new CodecTrial(codec, member, data, PieceLength(data.Length, codec.Granularity));
        Warm(trial);
        double encode = Best(trial.Encode, trial.Pieces, seconds);
        double decode = Best(trial.Decode, trial.Pieces, seconds / 2);
        return trial.Result(encode, decode);
    }

    /// <summary>
    /// Measures in rounds, in each of which every codec compresses once and expands <see cref="Expansions"/> times. On a machine whose speed changes
    /// within minutes codecs that are measured one after the other cannot be compared; in a round they are a second apart at most.
    /// </summary>
    public List<CodecRounds> RunRounds(IReadOnlyList<ICodec> codecs, FileInfo member, int limit, int rounds)
    {
        byte[] data = Read(member, limit);
        List<CodecTrial> trials = [.. codecs.Select(c => new CodecTrial(c, member.Name, data, PieceLength(data.Length, c.Granularity)))];
        trials.ForEach(Warm);
        double[][] encode = [.. trials.Select(_ => new double[rounds])];
        double[][] decode = [.. trials.Select(_ => new double[rounds])];
        for (int round = 0; round < rounds; round++)
        {
            for (int i = 0; i < trials.Count; i++)
            {
                Time(trials[i].Encode, trials[i].Pieces);
                encode[i][round] = _lastSeconds;
                decode[i][round] = double.MaxValue;
                for (int n = 0; n < Expansions; n++)
                {
                    Time(trials[i].Decode, trials[i].Pieces);
                    decode[i][round] = Math.Min(decode[i][round], _lastSeconds);
                }
            }
        }

        return [.. trials.Select((t, i) => new CodecRounds(t.Result(encode[i].Min(), decode[i].Min()), encode[i], decode[i]))];
    }

    /// <summary>With one thread one piece; with more, our blocks as frames have them, and for a peer as many equal pieces as threads (as its own threads cut).</summary>
    private int PieceLength(int length, int granularity) => threads == 1 ? length : granularity > 0 ? granularity : (length + threads - 1) / threads;

    private void Warm(CodecTrial trial)
    {
        if (!_warm.Add(trial.Codec.Name))
        {
            return;
        }

        double warmUp = trial.Codec.Family == "dwcp" ? WarmUp : 0;
        foreach (Action<int> run in (Action<int>[])[trial.Encode, trial.Decode])
        {
            for (double warmed = 0; warmed < warmUp; warmed += _lastSeconds)
            {
                Time(run, trial.Pieces);
            }
        }
    }

    private double Best(Action<int> piece, int pieces, double seconds)
    {
        double best = double.MaxValue;
        double total = 0;
        int runs = 0;
        do
        {
            Time(piece, pieces);
            best = Math.Min(best, _lastSeconds);
            total += _lastSeconds;
            runs++;
        }
        while (total < seconds && runs < 100);
        return best;
    }

    private double _lastSeconds;

    private void Time(Action<int> piece, int pieces)
    {
        if (threads == 1)
        {
            double start = ThreadClock.Seconds();
            for (int i = 0; i < pieces; i++)
            {
                piece(i);
            }

            _lastSeconds = ThreadClock.Seconds() - start;
            return;
        }

        long from = Stopwatch.GetTimestamp();
        int next = -1;
        void Work()
        {
            for (int i = Interlocked.Increment(ref next); i < pieces; i = Interlocked.Increment(ref next))
            {
                piece(i);
            }
        }

        Task[] others = [.. Enumerable.Range(1, threads - 1).Select(_ => Task.Run(Work))];
        Work();
        Task.WaitAll(others);
        _lastSeconds = Stopwatch.GetElapsedTime(from).TotalSeconds;
    }

    /// <summary>What a copy of memory takes: the limit of any codec, bytes per second.</summary>
    public static double MemoryCopySpeed()
    {
        byte[] from = new byte[64 << 20];
        byte[] to = new byte[from.Length];
        new Random(1).NextBytes(from);
        double best = double.MaxValue;
        for (int i = 0; i < 8; i++)
        {
            double start = ThreadClock.Seconds();
            from.CopyTo(to, 0);
            best = Math.Min(best, ThreadClock.Seconds() - start);
        }

        return from.Length / best;
    }
}
