using System.Net;
using System.Text.Json.Nodes;
using NovaCron.Dwcp.Rehearsal.Api;
using NovaCron.Dwcp.Rehearsal.Controllers;
using NovaCron.Dwcp.Rehearsal.Faults;
using NovaCron.Dwcp.Rehearsal.Kubelet;
using NovaCron.Dwcp.Rehearsal.Kubelet.Images;
using NovaCron.Dwcp.Rehearsal.Kubelet.Processes;
using NovaCron.Dwcp.Rehearsal.Network;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Cluster;

/// <summary>
/// A Kubernetes-speaking cluster in this process: API server, controllers and a kubelet whose pods are local processes.
/// Disposing it ends every pod and deletes everything that it wrote.
/// </summary>
public sealed class RehearsalCluster : IAsyncDisposable
{
    // In the order in which they were started; they end in the opposite one.
    private readonly Stack<Func<ValueTask>> _parts = new();
    private bool _isDisposed;

    private RehearsalCluster()
    {
    }

    /// <summary>The cluster's directory: kubeconfig, pods, volumes and <c>cluster.log</c>.</summary>
    public string Directory { get; private set; } = "";

    /// <summary>A kubeconfig whose current context is this cluster, as cluster administrator.</summary>
    public string KubeconfigPath { get; private set; } = "";

    /// <summary>The API server's address on loopback.</summary>
    public Uri ApiUrl { get; private set; } = new("https://127.0.0.1/");

    /// <summary>Where Ingress objects are served, in plain HTTP.</summary>
    public Uri IngressUrl { get; private set; } = new("http://127.0.0.1/");

    /// <summary>The name of the only node.</summary>
    public string NodeName { get; private set; } = "";

    /// <summary>All objects, for those who share this process.</summary>
    public ClusterStore Store { get; private set; } = new();

    /// <summary>What can be broken on purpose.</summary>
    public RehearsalFaults Faults { get; private set; } = null!;

    /// <summary>The logs of pods.</summary>
    public IPodRuntime Logs { get; private set; } = null!;

    /// <summary>Starts a cluster and returns when its API answers, its node is ready and the default namespaces exist.</summary>
    /// <exception cref="RehearsalException">The machine cannot run one; the message names what is missing.</exception>
    public static async Task<RehearsalCluster> StartAsync(RehearsalOptions options, CancellationToken cancellationToken = default)
    {
        var cluster = new RehearsalCluster();
        try
        {
            await cluster.StartPartsAsync(options, cancellationToken).ConfigureAwait(false);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Ends every pod and frees every address. A second call does nothing.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_isDisposed)
        {
            return;
        }
        _isDisposed = true;
        while (_parts.TryPop(out var end))
        {
            await end().ConfigureAwait(false);
        }
    }

    private async Task StartPartsAsync(RehearsalOptions options, CancellationToken cancellationToken)
    {
        var launcher = Own(new ProcessLauncher());
        var directory = Own(ClusterDirectory.Open(options.Directory));
        var addresses = Own(ClusterAddresses.Claim());
        Directory = directory.Path;
        NodeName = options.Name + "-node";
        Store = new ClusterStore(new ClusterStoreOptions { TimeProvider = options.TimeProvider, ServiceAddressPrefix = addresses.ServicePrefix });
        var journal = new ClusterJournal(Path.Combine(Directory, "cluster.log"), options.TimeProvider);

        var runtime = new PodRuntimeReference();
        var api = await ApiServer.StartAsync(Store, new ApiServerOptions { ClusterName = options.Name, PodRuntime = runtime }, cancellationToken)
            .ConfigureAwait(false);
        _parts.Push(api.DisposeAsync);
        ApiUrl = api.Url;
        WriteKubeconfig(options.KubeconfigPath, api.Kubeconfig());

        var ingress = await IngressRouter.StartAsync(Store, addresses.Ingress, cancellationToken).ConfigureAwait(false);
        _parts.Push(ingress.DisposeAsync);
        IngressUrl = new Uri($"http://{ingress.EndPoint}/");
        var proxy = new ServiceProxy(Store, journal, addresses.Node);
        Start(proxy);

        var faultFile = new FaultFile();
        var services = new KubeletServices
        {
            Store = Store,
            Launcher = launcher,
            Images = new ImageCatalog(options.Images),
            Tokens = new ApiServerTokens(api),
            Events = new EventRecorder(Store, "kubelet", NodeName),
            Journal = journal,
            ApiServer = ApiUrl,
            NodeAddress = addresses.Node,
            NodeName = NodeName,
            Directory = Directory,
            VolumeLag = options.VolumeLag,
            CrashBackOff = options.CrashBackOff,
        };
        var kubelet = new NodeKubelet(services, new PodAddresses(addresses.PodPrefix), faultFile.Write);
        _parts.Push(kubelet.DisposeAsync);
        runtime.Target = kubelet;
        Logs = kubelet;
        Faults = new RehearsalFaults(kubelet, proxy, api, faultFile);

        Seed(addresses.Node);
        foreach (var controller in new Controller[]
        {
            new Scheduler(Store, journal),
            new ReplicaSetController(Store, journal),
            new DeploymentController(Store, journal),
            new EndpointsController(Store, journal),
            new LoadBalancerController(Store, journal),
            new IngressController(Store, journal, ingress.EndPoint),
            new PersistentVolumeClaimController(Store, journal, services.ClaimsDirectory),
            new PodDisruptionBudgetController(Store, journal),
            new HorizontalPodAutoscalerController(Store, journal, kubelet),
        })
        {
            Start(controller);
        }
    }

    private void Start(Controller controller)
    {
        _parts.Push(controller.DisposeAsync);
        controller.Start();
    }

    private T Own<T>(T part) where T : IDisposable
    {
        _parts.Push(() =>
        {
            part.Dispose();
            return ValueTask.CompletedTask;
        });
        return part;
    }

    private void WriteKubeconfig(string? path, string content)
    {
        KubeconfigPath = path is null ? Path.Combine(Directory, "kubeconfig") : Path.GetFullPath(path);
        System.IO.Directory.CreateDirectory(Path.GetDirectoryName(KubeconfigPath)!);
        // It holds the administrator's token: nobody else may read it, at no moment.
        var options = new FileStreamOptions
        {
            Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        };
        using (var writer = new StreamWriter(KubeconfigPath, options))
        {
            writer.Write(content);
        }
        _parts.Push(() =>
        {
            File.Delete(KubeconfigPath);
            return ValueTask.CompletedTask;
        });
    }

    private void Seed(IPAddress node)
    {
        NodeRegistration.Register(Store, NodeName, node);
        Store.Create(ResourceTypes.StorageClasses, new JsonObject
        {
            ["apiVersion"] = "storage.k8s.io/v1",
            ["kind"] = "StorageClass",
            ["metadata"] = new JsonObject
            {
                ["name"] = PersistentVolumeClaimController.StorageClass,
                ["annotations"] = new JsonObject { ["storageclass.kubernetes.io/is-default-class"] = "true" },
            },
            ["provisioner"] = "rehearsal.novacron.io/directory",
            ["reclaimPolicy"] = "Delete",
            ["volumeBindingMode"] = "Immediate",
        });
        Store.Create(ResourceTypes.IngressClasses, new JsonObject
        {
            ["apiVersion"] = "networking.k8s.io/v1",
            ["kind"] = "IngressClass",
            ["metadata"] = new JsonObject
            {
                ["name"] = "rehearsal",
                ["annotations"] = new JsonObject { ["ingressclass.kubernetes.io/is-default-class"] = "true" },
            },
            ["spec"] = new JsonObject { ["controller"] = "rehearsal.novacron.io/ingress" },
        });
    }
}
