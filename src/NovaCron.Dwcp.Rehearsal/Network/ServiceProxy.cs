using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using NovaCron.Dwcp.Rehearsal.Controllers;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Network;

/// <summary>
/// What kube-proxy is for: listens on every Service's address (and node port) and spreads connections over its ready endpoints. A port without
/// endpoints refuses connections.
/// </summary>
/// <param name="store">The cluster's objects.</param>
/// <param name="journal">Where failures are written down.</param>
/// <param name="node">The node's address, for node ports.</param>
internal sealed class ServiceProxy(ClusterStore store, ClusterJournal journal, IPAddress node) : Controller(store, journal)
{
    private readonly EventRecorder _events = new(store, "service-proxy");
    private readonly Dictionary<ObjectKey, Dictionary<Listen, IPortForwarder>> _forwarders = [];
    private readonly List<IPortForwarder> _draining = [];
    private readonly ConcurrentDictionary<ObjectKey, bool> _cut = new();
    private readonly SemaphoreSlim _gate = new(1);

    /// <summary>Refuses a Service's connections and cuts the open ones, until <see cref="RestoreAsync"/>.</summary>
    public Task CutAsync(string ns, string service)
    {
        var key = new ObjectKey(ns, service);
        _cut[key] = true;
        return ApplyAsync(key, cutOpen: true);
    }

    /// <summary>Lets a cut Service accept connections again.</summary>
    public Task RestoreAsync(string ns, string service)
    {
        var key = new ObjectKey(ns, service);
        _cut.TryRemove(key, out _);
        return ApplyAsync(key, cutOpen: false);
    }

    /// <summary>Restores every Service that was cut.</summary>
    public Task RestoreAllAsync() => Task.WhenAll(_cut.Keys.Select(key => RestoreAsync(key.Namespace, key.Name)));

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync().ConfigureAwait(false);
        foreach (var forwarder in _forwarders.Values.SelectMany(static f => f.Values).Concat(_draining))
        {
            await forwarder.DisposeAsync().ConfigureAwait(false);
        }
        _gate.Dispose();
    }

    protected override void Watch()
    {
        Watch(ResourceTypes.Services);
        Watch(ResourceTypes.EndpointSlices, static change =>
            change.Stored!.Document.Label("kubernetes.io/service-name") is { } service ? [new(change.Stored.Namespace, service)] : []);
    }

    protected override TimeSpan? Reconcile(ObjectKey key)
    {
        ApplyAsync(key, cutOpen: false).GetAwaiter().GetResult();
        return null;
    }

    private async Task ApplyAsync(ObjectKey key, bool cutOpen)
    {
        await _gate.WaitAsync().ConfigureAwait(false);
        try
        {
            var service = Store.Find(ResourceTypes.Services, key.Namespace, key.Name)?.Document;
            var wanted = service is null || _cut.ContainsKey(key) ? [] : Wanted(service);
            var present = _forwarders.TryGetValue(key, out var found) ? found : _forwarders[key] = [];
            foreach (var (listen, forwarder) in present.Where(pair => !wanted.ContainsKey(pair.Key)).ToList())
            {
                present.Remove(listen);
                if (cutOpen || service is null)
                {
                    await forwarder.DisposeAsync().ConfigureAwait(false);
                }
                else
                {
                    forwarder.StopListening();
                    _draining.Add(forwarder);
                }
            }
            foreach (var (listen, endpoints) in wanted)
            {
                if (present.TryGetValue(listen, out var forwarder))
                {
                    forwarder.SetEndpoints(endpoints);
                }
                else
                {
                    Open(service!, present, listen, endpoints);
                }
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    private void Open(JsonObject service, Dictionary<Listen, IPortForwarder> present, Listen listen, IPEndPoint[] endpoints)
    {
        try
        {
            present[listen] = listen.IsUdp ? new UdpForwarder(listen.Local, endpoints) : new TcpForwarder(listen.Local, endpoints);
        }
        catch (SocketException error)
        {
            var remedy = error.SocketErrorCode == SocketError.AccessDenied
                ? " Ports below 1024 need root here, or: sysctl net.ipv4.ip_unprivileged_port_start=0" : "";
            _events.Warning(service, "FailedToListen", $"cannot listen on {listen.Local}: {error.Message}.{remedy}");
        }
    }

    private Dictionary<Listen, IPEndPoint[]> Wanted(JsonObject service)
    {
        var wanted = new Dictionary<Listen, IPEndPoint[]>();
        if (!IPAddress.TryParse(service.TextAt("spec.clusterIP"), out var address))
        {
            return wanted;
        }
        var slices = Store.Snapshot(ResourceTypes.EndpointSlices, service.Namespace()).Items.Select(static s => s.Document)
            .Where(slice => slice.Label("kubernetes.io/service-name") == service.Name()).ToList();
        foreach (var port in service.At("spec.ports").Objects())
        {
            var endpoints = Endpoints(slices, port.Text("name") ?? "", port.Text("protocol") ?? "TCP");
            if (endpoints.Length == 0)
            {
                continue;
            }
            var isUdp = port.Text("protocol") == "UDP";
            wanted[new(new(address, (int)(port.Integer("port") ?? 0)), isUdp)] = endpoints;
            if (port.Integer("nodePort") is > 0 and var nodePort)
            {
                wanted[new(new(node, (int)nodePort), isUdp)] = endpoints;
            }
        }
        return wanted;
    }

    // Ready endpoints; where none is ready, those that terminate but still serve.
    private static IPEndPoint[] Endpoints(List<JsonObject> slices, string name, string protocol)
    {
        var all = slices.SelectMany(slice => slice["ports"].Objects()
                .Where(p => (p.Text("name") ?? "") == name && (p.Text("protocol") ?? "TCP") == protocol)
                .SelectMany(p => slice["endpoints"].Objects().Select(e => (Endpoint: e, Port: (int)(p.Integer("port") ?? 0)))))
            .ToList();
        var ready = all.Where(static e => Condition(e.Endpoint, "ready") != false).ToList();
        var chosen = ready.Count > 0 ? ready : all.Where(static e => Condition(e.Endpoint, "serving") == true).ToList();
        return [.. chosen.SelectMany(static e => e.Endpoint["addresses"].Texts().Select(a => new IPEndPoint(IPAddress.Parse(a), e.Port)))];
    }

    private static bool? Condition(JsonObject endpoint, string name) => (endpoint["conditions"] as JsonObject)?.Boolean(name);

    private readonly record struct Listen(IPEndPoint Local, bool IsUdp);
}
