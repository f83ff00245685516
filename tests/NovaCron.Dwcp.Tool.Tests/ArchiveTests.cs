using System.Security.Cryptography;

namespace NovaCron.Dwcp.Tool.Tests;

/// <summary><c>dwcp compress</c>, <c>expand</c>, <c>inspect</c>, <c>train</c> and <c>bench</c>, with files and through pipes.</summary>
public sealed class ArchiveTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("dwcp-archive-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task A_file_becomes_an_archive_and_comes_back()
    {
        var path = Make("data", 3_000_000);
        Assert.Equal((0, "", ""), await ToolProcess.RunAsync("compress", path, "--level", "balanced", "--block", "1048576"));
        var archive = new FileInfo(path + ".dwcp");
        Assert.InRange(archive.Length, 1, 1_500_000);

        var (exitCode, output, _) = await ToolProcess.RunAsync("inspect", archive.FullName, "--blocks");
        Assert.Equal(0, exitCode);
        Assert.Contains("Balanced", output);
        Assert.Contains("3000000 bytes", output);
        Assert.Contains("3 of at most 1048576", output);

        File.Move(path, path + ".original");
        Assert.Equal((0, "", ""), await ToolProcess.RunAsync("expand", archive.FullName));
        Assert.Equal(Hash(path + ".original"), Hash(path));
        Assert.Empty(Directory.GetFiles(_directory, "*.partial"));
    }

    [Fact]
    public async Task Content_goes_through_pipes_in_both_directions()
    {
        var content = await File.ReadAllBytesAsync(Make("data", 2_000_000), TestContext.Current.CancellationToken);
        var archive = await PipeAsync(content, "compress");
        Assert.InRange(archive.Length, 1, content.Length / 2);
        Assert.Equal(content, await PipeAsync(archive, "expand"));
    }

    [Fact]
    public async Task A_damaged_archive_is_told_and_leaves_no_file()
    {
        var path = Make("data", 100_000);
        await ToolProcess.RunAsync("compress", path);
        var bytes = await File.ReadAllBytesAsync(path + ".dwcp", TestContext.Current.CancellationToken);
        bytes[100] ^= 1;
        await File.WriteAllBytesAsync(path + ".dwcp", bytes, TestContext.Current.CancellationToken);
        var (exitCode, _, error) = await ToolProcess.RunAsync("expand", path + ".dwcp", path + ".back");
        Assert.Equal(1, exitCode);
        Assert.Contains("damaged", error);
        Assert.Equal([path, path + ".dwcp"], Directory.GetFiles(_directory).Order());
    }

    [Fact]
    public async Task A_file_that_exists_is_replaced_only_when_forced()
    {
        var path = Make("data", 1000);
        await File.WriteAllTextAsync(path + ".dwcp", "mine", TestContext.Current.CancellationToken);
        var (exitCode, _, error) = await ToolProcess.RunAsync("compress", path);
        Assert.Equal((1, "mine"), (exitCode, await File.ReadAllTextAsync(path + ".dwcp", TestContext.Current.CancellationToken)));
        Assert.Contains("--force", error);
        Assert.Equal((0, "", ""), await ToolProcess.RunAsync("compress", path, "--force"));
    }

    [Fact]
    public async Task A_window_finds_what_lies_far_apart_and_its_memory_is_told()
    {
        var noise = RandomNumberGenerator.GetBytes(3 << 20);
        var path = Path.Combine(_directory, "twice");
        await File.WriteAllBytesAsync(path, [.. noise, .. noise], TestContext.Current.CancellationToken);
        Assert.Equal((0, "", ""), await ToolProcess.RunAsync("compress", path, "--level", "store", "--block", "1048576", "--window", "8"));
        Assert.InRange(new FileInfo(path + ".dwcp").Length, noise.Length, noise.Length + 20_000);
        Assert.Contains("window   8388608 bytes", (await ToolProcess.RunAsync("inspect", path + ".dwcp")).Output);
        var (exitCode, _, error) = await ToolProcess.RunAsync("expand", path + ".dwcp", path + ".back", "--memory", "32");
        Assert.Equal(1, exitCode);
        Assert.Contains("--memory", error);
        Assert.Equal((0, "", ""), await ToolProcess.RunAsync("expand", path + ".dwcp", path + ".back"));
        Assert.Equal(Hash(path), Hash(path + ".back"));
    }

    [Fact]
    public async Task A_dictionary_is_trained_used_and_asked_for()
    {
        var lines = Enumerable.Range(0, 300).Select(i => $"{{\"session\":{i * 7919 % 1000},\"pod\":\"dwcp-v3-{i % 7}\",\"outcome\":\"{(i % 9 == 0 ? "refused" : "committed")}\"}}");
        var samples = Path.Combine(_directory, "records.jsonl");
        await File.WriteAllLinesAsync(samples, lines, TestContext.Current.CancellationToken);
        var dictionary = Path.Combine(_directory, "records.dwcd");
        var (exitCode, output, error) = await ToolProcess.RunAsync("train", dictionary, samples, "--lines", "--length", "4096");
        Assert.Equal((0, ""), (exitCode, error));
        Assert.Contains("from 300 samples", output);

        var path = Path.Combine(_directory, "one.json");
        await File.WriteAllTextAsync(path, "{\"session\":11,\"pod\":\"dwcp-v3-3\",\"outcome\":\"committed\"}\n", TestContext.Current.CancellationToken);
        Assert.Equal((0, "", ""), await ToolProcess.RunAsync("compress", path, "--dictionary", dictionary));
        Assert.Contains("needs    dictionary", (await ToolProcess.RunAsync("inspect", path + ".dwcp")).Output);
        (exitCode, _, error) = await ToolProcess.RunAsync("expand", path + ".dwcp", path + ".back");
        Assert.Equal(1, exitCode);
        Assert.Contains("--dictionary", error);
        Assert.Equal((0, "", ""), await ToolProcess.RunAsync("expand", path + ".dwcp", path + ".back", "--dictionary", dictionary));
        Assert.Equal(Hash(path), Hash(path + ".back"));
        (exitCode, _, error) = await ToolProcess.RunAsync("train", dictionary, samples);
        Assert.Equal(1, exitCode);
        Assert.Contains("exists", error);
        (exitCode, _, error) = await ToolProcess.RunAsync("train", dictionary, samples, "--force");
        Assert.Equal(1, exitCode);
        Assert.Contains("--lines", error);
    }

    [Fact]
    public async Task Bench_prints_a_line_for_every_level()
    {
        var (exitCode, output, _) = await ToolProcess.RunAsync("bench", Make("data", 300_000));
        Assert.Equal(0, exitCode);
        Assert.All(["Store", "Fast", "Balanced", "Dense", "Max"], level => Assert.Contains(level, output));
    }

    [Theory]
    [InlineData("compress a b c", "Unexpected argument 'c'", 64)]
    [InlineData("compress a --level enormous", "--level enormous is none of", 64)]
    [InlineData("compress a --threads 0", "--threads 0 is not", 64)]
    [InlineData("expand /nonexistent/a.dwcp", "/nonexistent/a.dwcp does not exist", 66)]
    [InlineData("compress a --window 4096", "--window 4096 is above 1024 MiB", 64)]
    [InlineData("compress a --dictionary /nonexistent/d", "/nonexistent/d does not exist", 66)]
    [InlineData("train d", "at least one file of samples", 64)]
    [InlineData("inspect", "ARCHIVE is missing", 64)]
    [InlineData("bench /nonexistent/a", "/nonexistent/a does not exist", 66)]
    public async Task Wrong_arguments_are_told(string arguments, string message, int expected)
    {
        var (exitCode, _, error) = await ToolProcess.RunAsync(arguments.Split(' '));
        Assert.Equal(expected, exitCode);
        Assert.Contains(message, error);
    }

    private static async Task<byte[]> PipeAsync(byte[] input, string verb)
    {
        using var process = ToolProcess.StartWithInput(verb);
        var output = new MemoryStream();
        var reading = process.StandardOutput.BaseStream.CopyToAsync(output, TestContext.Current.CancellationToken);
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.StandardInput.BaseStream.WriteAsync(input, TestContext.Current.CancellationToken);
        process.StandardInput.Close();
        await reading;
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal((0, ""), (process.ExitCode, await error));
        return output.ToArray();
    }

    private string Make(string name, int length)
    {
        var path = Path.Combine(_directory, name);
        var random = new Random(length);
        var content = new byte[length];
        for (var i = 0; i < length; i++)
            content[i] = i % 100 < 70 ? (byte)(i % 100) : (byte)random.Next(256);
        File.WriteAllBytes(path, content);
        return path;
    }

    private static string Hash(string path) => Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(path)));
}
