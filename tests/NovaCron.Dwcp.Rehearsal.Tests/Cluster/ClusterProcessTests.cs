using System.Diagnostics;
using k8s;
using k8s.Models;
using NovaCron.Dwcp.Rehearsal.Cluster;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Tests.Cluster;

public sealed class ClusterProcessTests
{
    [Fact]
    public async Task Pods_die_with_the_process_of_their_cluster_even_by_SIGKILL()
    {
        // Every pod of it carries this mark in its environment, so that no other cluster on the machine can be mistaken for it.
        var mark = "orphan-" + Guid.NewGuid().ToString("n");
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true };
        start.ArgumentList.Add(typeof(RehearsalCluster).Assembly.Location);
        start.ArgumentList.Add("cluster");
        start.ArgumentList.Add("testpod=" + ClusterFixture.Options.Images["testpod"]);
        using var cluster = Process.Start(start)!;
        var kubeconfig = (await cluster.StandardOutput.ReadLineAsync())!;
        try
        {
            using var client = new Kubernetes(KubernetesClientConfiguration.BuildConfigFromConfigFile(kubeconfig));
            var pod = Workloads.Pod("default", "orphan", $$"""{ "env": [{ "name": "MARK", "value": "{{mark}}" }] }""");
            await client.CoreV1.CreateNamespacedPodAsync(KubernetesJson.Deserialize<V1Pod>(pod.ToJsonString()), "default");
            await Becomes(() => Marked(mark).Count == 1);
        }
        finally
        {
            cluster.Kill();
            await cluster.WaitForExitAsync();
        }
        await Becomes(() => Marked(mark).Count == 0);
        // The next cluster on this machine takes it for abandoned, and may be removing it just now.
        var directory = Path.GetDirectoryName(kubeconfig)!;
        await Becomes(() =>
        {
            try
            {
                Directory.Delete(directory, recursive: true);
            }
            catch (IOException)
            {
                // It is going, or gone.
            }
            return !Directory.Exists(directory);
        });
    }

    [Fact]
    public async Task Two_clusters_do_not_meet_and_leave_nothing_behind()
    {
        string[] directories;
        await using (var first = await RehearsalCluster.StartAsync(ClusterFixture.Options))
        await using (var second = await RehearsalCluster.StartAsync(ClusterFixture.Options))
        {
            foreach (var cluster in new[] { first, second })
            {
                cluster.Store.Create(ResourceTypes.Pods, Workloads.Pod("default", "web"));
            }
            await Becomes(() => new[] { first, second }.All(c => c.Store.List(ResourceTypes.Pods).Single() is { } pod && ClusterFixture.IsReady(pod)));
            Assert.NotEqual(ClusterFixture.Address(first.Store.List(ResourceTypes.Pods)[0]), ClusterFixture.Address(second.Store.List(ResourceTypes.Pods)[0]));
            directories = [first.Directory, second.Directory];
        }
        Assert.All(directories, d => Assert.False(Directory.Exists(d)));
    }

    [Fact]
    public async Task A_directory_in_use_is_refused_with_its_name()
    {
        var directory = Directory.CreateTempSubdirectory().FullName;
        try
        {
            await using var cluster = await RehearsalCluster.StartAsync(ClusterFixture.Options with { Directory = directory });
            var error = await Assert.ThrowsAsync<RehearsalException>(() => RehearsalCluster.StartAsync(ClusterFixture.Options with { Directory = directory }));
            Assert.Contains(directory, error.Message);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static List<int> Marked(string mark) => [.. Directory.EnumerateDirectories("/proc")
        .Select(d => int.TryParse(Path.GetFileName(d), out var id) ? id : 0).Where(id => id > 0 && Environment(id).Contains("MARK=" + mark))];

    private static string Environment(int process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/environ");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private static async Task Becomes(Func<bool> condition)
    {
        for (var i = 0; i < 1200; i++)
        {
            if (condition())
            {
                return;
            }
            await Task.Delay(100);
        }
        Assert.Fail("it never became so");
    }
}
