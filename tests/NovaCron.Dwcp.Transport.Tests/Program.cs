using NovaCron.Dwcp.Transport.Rdma;
using NovaCron.Dwcp.Transport.Tests.Rdma;

namespace NovaCron.Dwcp.Transport.Tests;

/// <summary>The test program; with the verb <c>node</c> it is a node, in a process that a test can kill.</summary>
public static class Program
{
    public static Task<int> Main(string[] args)
    {
        if (args is [NodeProcess.Verb, var store, var port]) return NodeProcess.ServeAsync(store, int.Parse(port));
        if (args is [BulkWorker.Verb]) return BulkWorker.RunAsync(Console.OpenStandardInput(), Console.OpenStandardOutput());
        if (args is [SoftRoce.NodeVerb, var nodeShare, var address]) return SoftRoce.ServeAsync(nodeShare, address);
        if (args is [SoftRoce.ClientVerb, var clientShare, var mib, var nic, var own]) return SoftRoce.TransferAsync(clientShare, int.Parse(mib), nic, own);
        if (args is [SoftRoce.LimitedVerb, var limitedShare, var limitedSource]) return SoftRoce.SendWithLittleLockedMemoryAsync(limitedShare, limitedSource);
        if (args is [SoftRoce.KilledVerb, var killedShare, var source]) return SoftRoce.SendUntilKilledAsync(killedShare, source);
        return args.Any(a => a is "--server" or "--internal-msbuild-node")
            ? Xunit.MicrosoftTestingPlatform.TestPlatformTestFramework.RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions)
            : Xunit.Runner.InProc.SystemConsole.ConsoleRunner.Run(args);
    }
}
