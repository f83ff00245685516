using System.Diagnostics;

namespace NovaCron.Dwcp.Transport.Tests.Rdma;

/// <summary>tests/SoftRoce/run as a test: two guests, RDMA verbs between them. Minutes of emulated processors, so only on request (CI requests it), and after all others, alone.</summary>
[Collection(EmulatedMachines.Name)]
public sealed class SoftRoceTests(ITestOutputHelper output)
{
    private const string SizeVariable = "DWCP_ROCE_MIB";
    private const int CannotRun = 77;

    [Fact]
    public async Task Files_travel_by_RDMA_verbs_between_two_guests_also_after_a_kill_and_with_loss()
    {
        var size = Environment.GetEnvironmentVariable(SizeVariable) ?? "";
        if (size.Length == 0) Assert.Skip($"It takes minutes. Set {SizeVariable} to the size of its files, such as 32.");
        var directory = AppContext.BaseDirectory;
        while (directory is not null && !File.Exists(Path.Combine(directory, "tests/SoftRoce/run"))) directory = Path.GetDirectoryName(directory);
        Assert.True(directory is not null, "tests/SoftRoce/run is not above the test program.");
        var start = new ProcessStartInfo(Path.Combine(directory, "tests/SoftRoce/run"), size) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var said = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var complained = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        output.WriteLine(await said);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        if (process.ExitCode == CannotRun) Assert.Skip(complained);
        Assert.True(process.ExitCode == 0, complained);
    }
}
