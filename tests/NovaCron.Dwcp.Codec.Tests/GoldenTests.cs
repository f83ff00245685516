using System.Diagnostics;

namespace NovaCron.Dwcp.Codec.Tests;

/// <summary>
/// Frames as they were written when the format was fixed (Golden/*.txt, base64): they must decode for ever, and today's encoder must still
/// write the same bytes, with vectors and without. Where the encoder changes on purpose, DWCP_GOLDEN_WRITE=DIRECTORY writes them anew.
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
