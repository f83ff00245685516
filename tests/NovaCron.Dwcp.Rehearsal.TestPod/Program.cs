using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Security.Cryptography.X509Certificates;
using System.Text;

// A pod that does what a test asks: crashes, or answers about itself over HTTP on port 8080, echoes TCP on 7000 and UDP on 7001.
var root = Environment.GetEnvironmentVariable("DWCP_ROOT") ?? "";
if (args is ["crash", var code])
{
    Console.WriteLine("about to crash");
    return int.Parse(code, CultureInfo.InvariantCulture);
}
if (args is ["exit-after-file", var awaited])
{
    Console.WriteLine(File.Exists(root + awaited) ? "found" : "missing");
    return File.Exists(root + awaited) ? 0 : 1;
}

var address = IPAddress.Parse(Environment.GetEnvironmentVariable("DWCP_BIND_ADDRESS") ?? "127.0.0.1");
var drain = TimeSpan.FromMilliseconds(int.Parse(Environment.GetEnvironmentVariable("DRAIN_MS") ?? "0", CultureInfo.InvariantCulture));
using var stop = new ManualResetEventSlim();
using var onTerminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context =>
{
    context.Cancel = true;
    Console.WriteLine("got SIGTERM");
    if (Environment.GetEnvironmentVariable("IGNORE_SIGTERM") != "1")
    {
        _ = Task.Delay(drain).ContinueWith(_ => stop.Set(), TaskScheduler.Default);
    }
});
using var http = new HttpListener();
http.Prefixes.Add($"http://{address}:8080/");
http.Start();
using var tcp = new TcpListener(address, 7000);
tcp.Start();
using var udp = new UdpClient(new IPEndPoint(address, 7001));
_ = ServeHttpAsync();
_ = ServeTcpAsync();
_ = ServeUdpAsync();
Console.WriteLine("serving");
Console.Error.WriteLine("with standard error");
stop.Wait();
Console.WriteLine("drained");
return 0;

async Task ServeHttpAsync()
{
    while (true)
    {
        var context = await http.GetContextAsync();
        _ = Task.Run(async () =>
        {
            var (status, text) = await AnswerAsync(context.Request);
            context.Response.StatusCode = status;
            await context.Response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes(text));
            context.Response.Close();
        });
    }
}

async Task<(int Status, string Text)> AnswerAsync(HttpListenerRequest request)
{
    var argument = Uri.UnescapeDataString(request.Url!.Query.TrimStart('?'));
    switch (request.Url.AbsolutePath)
    {
        case "/name":
            return (200, Environment.GetEnvironmentVariable("HOSTNAME") ?? "");
        case "/ready":
            return (File.Exists(root + "/tmp/unready") ? 503 : 200, "");
        case "/live":
            return (File.Exists(root + "/tmp/dead") ? 500 : 200, "");
        case "/touch":
            File.WriteAllText(root + argument, "");
            return (200, "");
        case "/env":
            return (200, Environment.GetEnvironmentVariable(argument) ?? "");
        case "/file":
            return File.Exists(root + argument) ? (200, File.ReadAllText(root + argument)) : (404, "");
        case "/child":
            return (200, Process.Start("sleep", "1000").Id.ToString(CultureInfo.InvariantCulture));
        case "/api":
            return await AskApiAsync(argument);
        default:
            return (404, "");
    }
}

// As client-go does it in a pod: address from the environment, token and certificate from the mounted volume.
async Task<(int Status, string Text)> AskApiAsync(string path)
{
    var account = root + "/var/run/secrets/kubernetes.io/serviceaccount/";
    using var authority = X509CertificateLoader.LoadCertificateFromFile(account + "ca.crt");
    using var handler = new SocketsHttpHandler();
    handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy
    {
        TrustMode = X509ChainTrustMode.CustomRootTrust, CustomTrustStore = { authority }, RevocationMode = X509RevocationMode.NoCheck,
    };
    using var client = new HttpClient(handler);
    client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", File.ReadAllText(account + "token"));
    var host = Environment.GetEnvironmentVariable("KUBERNETES_SERVICE_HOST") + ":" + Environment.GetEnvironmentVariable("KUBERNETES_SERVICE_PORT");
    using var response = await client.GetAsync($"https://{host}{path}");
    return ((int)response.StatusCode, await response.Content.ReadAsStringAsync());
}

async Task ServeTcpAsync()
{
    while (true)
    {
        var socket = await tcp.AcceptSocketAsync();
        _ = Task.Run(async () =>
        {
            using var stream = new NetworkStream(socket, ownsSocket: true);
            await stream.WriteAsync(Encoding.UTF8.GetBytes(Environment.GetEnvironmentVariable("HOSTNAME") + "\n"));
            await stream.CopyToAsync(stream);
        });
    }
}

async Task ServeUdpAsync()
{
    while (true)
    {
        var datagram = await udp.ReceiveAsync();
        await udp.SendAsync(datagram.Buffer, datagram.RemoteEndPoint);
    }
}
