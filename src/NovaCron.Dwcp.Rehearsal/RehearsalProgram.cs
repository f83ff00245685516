using System.Runtime.InteropServices;
using NovaCron.Dwcp.Rehearsal.Cluster;
using NovaCron.Dwcp.Rehearsal.Kubelet.Images;

namespace NovaCron.Dwcp.Rehearsal;

/// <summary>
/// This assembly as a program: the embedded Redis of a pod, and a bare cluster for tests that have to kill one. People start a cluster with
/// <c>dwcp cluster up</c>.
/// </summary>
internal static class RehearsalProgram
{
    private static async Task<int> Main(string[] arguments)
    {
        switch (arguments)
        {
            case [GarnetHost.Verb, .. var rest]:
                return GarnetHost.Run(rest);
            case ["cluster", .. var images]:
                return await RunClusterAsync(images).ConfigureAwait(false);
            default:
                await Console.Error.WriteLineAsync("usage: redis-server [redis.conf] [--directive value ...] | cluster [image=program ...]").ConfigureAwait(false);
                return 2;
        }
    }

    // Prints where the kubeconfig is, and runs until SIGTERM or SIGINT.
    private static async Task<int> RunClusterAsync(string[] images)
    {
        var stop = new TaskCompletionSource();
        using var onTerminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var onInterrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        var programs = images.Select(static image => image.Split('=', 2)).ToDictionary(static pair => pair[0], static pair => pair[^1]);
        await using var cluster = await RehearsalCluster.StartAsync(new RehearsalOptions { Images = programs }).ConfigureAwait(false);
        Console.WriteLine(cluster.KubeconfigPath);
        await stop.Task.ConfigureAwait(false);
        return 0;

        void Stop(PosixSignalContext context)
        {
            context.Cancel = true;
            stop.TrySetResult();
        }
    }
}
