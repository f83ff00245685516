using NovaCron.Dwcp.Codec.Archives;

namespace NovaCron.Dwcp.Codec.Tests;

public sealed class ArchiveFileTests : IDisposable
{
    private static readonly DwcpEncoderOptions Fast = new() { Level = DwcpLevel.Fast, Threads = 2 };
    private readonly string _directory = Directory.CreateTempSubdirectory("dwcp-archive-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task An_estimate_of_a_small_file_is_what_it_comes_to()
    {
        string path = Make(SampleData.Make("log", 300_000, 1));
        ArchiveEstimate estimate = await ArchiveFile.EstimateAsync(path, Fast, TestContext.Current.CancellationToken);
        ArchiveResult real = await ArchiveFile.CompressAsync(path, path + ".dwcp", Fast, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal((real.EncodedLength, 300_000, 300_000), (estimate.EncodedLength, estimate.SampleLength, estimate.ContentLength));
    }

    [Fact]
    public async Task An_estimate_of_a_large_file_samples_all_parts_of_it()
    {
        // One eighth of it is text, the last; a sample of its beginning alone would say that nothing is saved.
        string path = Make([.. SampleData.Make("noise", 21 << 20, 1), .. new byte[3 << 20]]);
        ArchiveEstimate estimate = await ArchiveFile.EstimateAsync(path, Fast, TestContext.Current.CancellationToken);
        Assert.Equal(16 << 20, estimate.SampleLength);
        Assert.InRange(estimate.PercentSaved, 15, 25);
    }

    [Fact]
    public async Task Nothing_is_left_of_a_run_that_was_cancelled()
    {
        string path = Make(SampleData.Make("log", 3_000_000, 1));
        using var cancel = new CancellationTokenSource();
        var progress = new Cancelling(cancel);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ArchiveFile.CompressAsync(path, path + ".dwcp", Fast, progress: progress, cancellationToken: cancel.Token));
        Assert.Equal([path], Directory.GetFiles(_directory));
    }

    [Fact]
    public async Task An_empty_file_has_an_archive_too()
    {
        string path = Make([]);
        await ArchiveFile.CompressAsync(path, path + ".dwcp", Fast, cancellationToken: TestContext.Current.CancellationToken);
        ArchiveInfo info = await ArchiveFile.InspectAsync(path + ".dwcp", DwcpDecoderOptions.Default, verify: true, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal((0, 0, 0.0), (info.ContentLength, info.BlockCount, info.PercentSaved));
        ArchiveResult expanded = await ArchiveFile.ExpandAsync(path + ".dwcp", path + ".back", DwcpDecoderOptions.Default, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(0, expanded.ContentLength);
    }

    [Theory]
    [InlineData("a.txt")]
    [InlineData(".dwcp")]
    public void An_archive_without_its_extension_needs_a_destination(string name) => Assert.Throws<ArgumentException>(() => ArchiveFile.ContentPathOf(name));

    private string Make(byte[] content)
    {
        string path = Path.Combine(_directory, "data");
        File.WriteAllBytes(path, content);
        return path;
    }

    private sealed class Cancelling(CancellationTokenSource cancel) : IProgress<ArchiveProgress>
    {
        public void Report(ArchiveProgress value) => cancel.Cancel();
    }
}
