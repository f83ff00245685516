using System.Net;
using System.Security.Authentication;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using NovaCron.Dwcp.Rehearsal.Admission;
using NovaCron.Dwcp.Rehearsal.Faults;
using NovaCron.Dwcp.Rehearsal.Schemas;
using NovaCron.Dwcp.Rehearsal.Security;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Api;

/// <summary>The Kubernetes API over TLS, in this process, in front of a <see cref="ClusterStore"/>.</summary>
public sealed class ApiServer : IAsyncDisposable
{
    private static readonly string[] InitialNamespaces = ["default", "kube-node-lease", "kube-public", "kube-system"];
    private static readonly TimeSpan ShutdownTimeout = TimeSpan.FromSeconds(2);

    private readonly ApiServerOptions _options;
    private readonly WebApplication _web;
    private readonly CertificateAuthority _authority;
    private readonly TokenAuthority _tokens;
    private readonly RequestDispatcher _dispatcher;
    private readonly FaultGate _faults;
    private readonly CancellationTokenSource _stopping;
    private readonly IReadOnlyList<(string Context, string User, string Token)> _contexts;
    private Task _background = Task.CompletedTask;

    private ApiServer(
        ApiServerOptions options, WebApplication web, CertificateAuthority authority, TokenAuthority tokens, RequestDispatcher dispatcher, FaultGate faults,
        CancellationTokenSource stopping)
    {
        (_options, _web, _authority, _tokens, _dispatcher, _faults, _stopping) = (options, web, authority, tokens, dispatcher, faults, stopping);
        var admin = new ApiUser("kubernetes-admin", [ApiUser.Masters, "system:authenticated"]);
        _contexts =
        [
            (options.ClusterName, "admin@" + options.ClusterName, tokens.IssueFor(admin)),
            .. options.Users.Select(u => ($"{u.Name}@{options.ClusterName}", $"{u.Name}@{options.ClusterName}", tokens.IssueFor(u))),
        ];
        Url = new("https://127.0.0.1/");
    }

    /// <summary>Address of the API, <c>https://127.0.0.1:port</c>.</summary>
    public Uri Url { get; private set; }

    /// <summary>Certificate authority that signed the server's certificate, PEM.</summary>
    public string CertificateAuthorityPem => _authority.CertificatePem;

    /// <summary>Bearer token of the administrator.</summary>
    public string AdministratorToken => _contexts[0].Token;

    /// <summary>What goes wrong on purpose; <c>null</c> when nothing does. An outage also cuts the connections that are open.</summary>
    public ApiServerFault? Fault
    {
        get => _faults.Current;
        set => _faults.Set(value);
    }

    /// <summary>Starts the server; it answers when the task completes. Also creates the default namespaces and roles, and runs garbage collection.</summary>
    /// <exception cref="IOException">The address is taken.</exception>
    public static async Task<ApiServer> StartAsync(ClusterStore store, ApiServerOptions options, CancellationToken cancellationToken = default)
    {
        var authority = new CertificateAuthority(options.ClusterName + "-ca", store.Clock);
        var tokens = new TokenAuthority(store);
        var schemas = new SchemaRegistry(store);
        var stopping = new CancellationTokenSource();
        var authorizer = new Authorizer(store);
        var api = new ApiContext(store, schemas, tokens, authorizer, new AdmissionChain(store, schemas, authorizer), options.PodRuntime)
        {
            Stopping = stopping.Token,
        };
        var dispatcher = new RequestDispatcher(api);
        var faults = new FaultGate(store.Clock);
        var web = Build(options, authority, dispatcher, faults);
        var server = new ApiServer(options, web, authority, tokens, dispatcher, faults, stopping);
        try
        {
            await web.StartAsync(cancellationToken).ConfigureAwait(false);
            server.Url = new(web.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
            Seed(store, authority.CertificatePem, server.Url);
            server._background = Task.WhenAll(
                Task.Run(() => new GarbageCollector(store).RunAsync(stopping.Token), CancellationToken.None),
                Task.Run(() => new NamespaceContent(store, authority.CertificatePem).RunAsync(stopping.Token), CancellationToken.None));
            return server;
        }
        catch
        {
            await server.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>A bearer token of a service account, as the token volume of a pod holds it.</summary>
    /// <param name="ns">Namespace of the account.</param>
    /// <param name="serviceAccount">Name of the account.</param>
    /// <param name="lifetime">How long it is valid.</param>
    /// <param name="pod">Pod to which it is bound; it ends with the pod.</param>
    /// <exception cref="ApiStatusException">The account does not exist (NotFound).</exception>
    public string IssueToken(string ns, string serviceAccount, TimeSpan lifetime, string? pod = null) =>
        _tokens.IssueForServiceAccount(ns, serviceAccount, lifetime, [], pod).Token;

    /// <summary>A kubeconfig with a context for the administrator (current) and one for each user, named <c>user@cluster</c>; YAML.</summary>
    public string Kubeconfig() => KubeconfigDocument.Write(_options.ClusterName, Url, CertificateAuthorityPem, _contexts);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        try
        {
            await _background.ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Both loops end this way.
        }
        await _web.StopAsync(CancellationToken.None).ConfigureAwait(false);
        await _web.DisposeAsync().ConfigureAwait(false);
        _dispatcher.Dispose();
        _tokens.Dispose();
        _authority.Dispose();
        _stopping.Dispose();
    }

    private static WebApplication Build(ApiServerOptions options, CertificateAuthority authority, RequestDispatcher dispatcher, FaultGate faults)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<IHostLifetime, HostedInside>();
        builder.Services.Configure<HostOptions>(static o => o.ShutdownTimeout = ShutdownTimeout);
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = null; // Bodies of documents are bounded where they are read; proxied ones are the pod's affair.
            kestrel.Listen(options.EndPoint, listen =>
            {
                listen.Protocols = HttpProtocols.Http1AndHttp2;
                listen.Use(faults.GuardConnectionAsync);
                listen.UseHttps(https =>
                {
                    https.ServerCertificate = authority.IssueServer(
                        "kube-apiserver",
                        ["localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"],
                        [IPAddress.Loopback, options.EndPoint.Address]);
                    https.SslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13;
                });
            });
        });
        var web = builder.Build();
        web.UseWebSockets();
        web.Run(context => faults.GuardRequestAsync(context, dispatcher.HandleAsync));
        return web;
    }

    private static void Seed(ClusterStore store, string authorityPem, Uri url)
    {
        var content = new NamespaceContent(store, authorityPem);
        foreach (var ns in InitialNamespaces.Where(n => store.Find(ResourceTypes.Namespaces, null, n) is null))
        {
            store.Create(ResourceTypes.Namespaces, new JsonObject { ["metadata"] = new JsonObject { ["name"] = ns } });
            content.Fill(ns);
        }
        if (store.Find(ResourceTypes.ClusterRoles, null, "cluster-admin") is null)
        {
            DefaultRoles.Create(store);
        }
        if (store.Find(ResourceTypes.Services, "default", "kubernetes") is null)
        {
            KubernetesService.Create(store, url);
        }
    }

    // The process belongs to somebody else: this host neither listens to its signals nor writes to its console.
    private sealed class HostedInside : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
