using System.Diagnostics;

namespace NovaCron.Dwcp.Codec.Tests;

/// <summary>
/// Frames as they were written when the format was fixed (Golden/*.txt, base64): they must decode for ever, and today's encoder must still
/// write the same bytes, with vectors and without. Where the encoder changes on purpose, DWCP_GOLDEN_WRITE=DIRECTORY writes them anew, and
/// what they replace goes to Golden/Earlier, which must decode for ever, too.
/// </summary>
public sealed class GoldenTests
{
    private const string Child = "DWCP_GOLDEN_CHILD";
    private const int Length = 5000;

    public static TheoryData<string, DwcpLevel> Frames
    {
        get
        {
            var frames = new TheoryData<string, DwcpLevel>();
            foreach (string kind in (string[])["log", "metrics", "telemetry", "x86", "arm64", "access", "mixed", "pages"])
            {
                foreach (DwcpLevel level in (DwcpLevel[])[DwcpLevel.Fast, DwcpLevel.Balanced, DwcpLevel.Dense, DwcpLevel.Max])
                {
                    frames.Add(kind, level);
                }
            }

            return frames;
        }
    }

    [Theory]
    [MemberData(nameof(Frames))]
    public void A_frame_decodes_and_is_still_written_alike(string kind, DwcpLevel level)
    {
        byte[] content = SampleData.Make(kind, Length, 77);
        byte[] written = DwcpEncoder.Encode(content, new DwcpEncoderOptions { Level = level, BlockLength = 4096, Threads = 1 });
        string name = $"{kind}-{level}.txt";
        if (Environment.GetEnvironmentVariable("DWCP_GOLDEN_WRITE") is { Length: > 0 } directory)
        {
            File.WriteAllText(Path.Combine(directory, name), Convert.ToBase64String(written, Base64FormattingOptions.InsertLineBreaks) + "\n");
            Assert.Skip($"Wrote {name}.");
        }

        byte[] golden = Convert.FromBase64String(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Golden", name)));
        Assert.Equal(content, DwcpDecoder.Decode(golden));
        Assert.Equal(golden, written);
    }

    [Fact]
    public void Frames_of_earlier_encoders_still_decode()
    {
        string[] files = Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "Golden", "Earlier"), "*.txt");
        Assert.NotEmpty(files);
        foreach (string file in files)
        {
            string kind = Path.GetFileName(file).Split('-')[0];
            Assert.Equal(kind == "windowed" ? Windowed() : SampleData.Make(kind, Length, 77), DwcpDecoder.Decode(Convert.FromBase64String(File.ReadAllText(file))));
        }
    }

    private static byte[] Windowed()
    {
        byte[] once = SampleData.Make("log", Length, 78);
        return [.. once, .. SampleData.Make("noise", 300, 78), .. once];
    }

    [Theory]
    [InlineData("windowed", DwcpLevel.Fast)]
    [InlineData("windowed", DwcpLevel.Dense)]
    [InlineData("behind", DwcpLevel.Dense)]
    public void So_does_a_windowed_frame_and_one_behind_a_dictionary(string shape, DwcpLevel level)
    {
        byte[] content = Windowed();
        byte[] trained = DwcpDictionary.Train([.. Enumerable.Range(0, 40).Select(i => (ReadOnlyMemory<byte>)SampleData.Make("log", 200, i))], 1024).ToArray();
        var options = new DwcpEncoderOptions
        {
            Level = level, BlockLength = 4096, Threads = 1, WindowLength = shape == "windowed" ? 1 << 14 : 0, Dictionary = shape == "behind" ? DwcpDictionary.Load(trained) : null,
        };
        byte[] written = DwcpEncoder.Encode(content, options);
        string name = $"{shape}-{level}.txt";
        if (Environment.GetEnvironmentVariable("DWCP_GOLDEN_WRITE") is { Length: > 0 } directory)
        {
            File.WriteAllText(Path.Combine(directory, name), Convert.ToBase64String(written, Base64FormattingOptions.InsertLineBreaks) + "\n");
            File.WriteAllText(Path.Combine(directory, "dictionary.txt"), Convert.ToBase64String(trained, Base64FormattingOptions.InsertLineBreaks) + "\n");
            Assert.Skip($"Wrote {name} and dictionary.txt.");
        }

        byte[] golden = Convert.FromBase64String(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Golden", name)));
        byte[] dictionary = Convert.FromBase64String(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Golden", "dictionary.txt")));
        Assert.Equal(content, DwcpDecoder.Decode(golden, new DwcpDecoderOptions { Dictionary = DwcpDictionary.Load(dictionary) }));
        Assert.Equal(dictionary, trained);
        Assert.Equal(golden, written);
    }

    [Fact]
    public async Task All_of_this_holds_on_a_machine_without_vectors()
    {
        if (Environment.GetEnvironmentVariable(Child) is not null)
        {
            Assert.False(System.Runtime.Intrinsics.X86.Sse2.IsSupported && System.Runtime.Intrinsics.X86.Avx2.IsSupported, "DOTNET_EnableHWIntrinsic=0 had no effect.");
            return;
        }

        string host = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
        var start = new ProcessStartInfo(host, ["exec", typeof(GoldenTests).Assembly.Location, "-class", typeof(GoldenTests).FullName!])
        {
            RedirectStandardOutput = true,
            Environment = { ["DOTNET_EnableHWIntrinsic"] = "0", [Child] = "1" },
        };
        using Process process = Process.Start(start)!;
        string output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0 && output.Contains("Failed: 0", StringComparison.Ordinal), output);
    }
}
