using NovaCron.Dwcp.Transport.Rdma;

namespace NovaCron.Dwcp.Transport.Tests;

/// <summary>The test program; with the verb <c>node</c> it is a node, in a process that a test can kill.</summary>
public static class Program
{
    public static Task<int> Main(string[] args)
    {
        if (args is [NodeProcess.Verb, var store, var port]) return NodeProcess.ServeAsync(store, int.Parse(port));
        if (args is [BulkWorker.Verb]) return BulkWorker.RunAsync(Console.OpenStandardInput(), Console.OpenStandardOutput());
        return args.Any(a => a is "--server" or "--internal-msbuild-node")
            ? Xunit.MicrosoftTestingPlatform.TestPlatformTestFramework.RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions)
            : Xunit.Runner.InProc.SystemConsole.ConsoleRunner.Run(args);
    }
}
