using NovaCron.Dwcp.Rehearsal.Kubelet.Images;

namespace NovaCron.Dwcp.Rehearsal;

/// <summary>This assembly as a program: the embedded Redis of a pod. The cluster itself is started with <c>dwcp cluster up</c>.</summary>
internal static class RehearsalProgram
{
    private static int Main(string[] arguments)
    {
        if (arguments is [GarnetHost.Verb, .. var rest])
        {
            return GarnetHost.Run(rest);
        }
        Console.Error.WriteLine("usage: redis-server [redis.conf] [--directive value ...]");
        return 2;
    }
}
