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
using var http = new TcpListener(address, 8080);
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
        var socket = await http.AcceptSocketAsync();
        _ = Task.Run(async () =>
        {
            using var stream = new NetworkStream(socket, ownsSocket: true);
            using var reader = new StreamReader(stream, leaveOpen: true);
            var target = (await reader.ReadLineAsync())?.Split(' ') is [_, var path, ..] ? path : "/";
            while (!string.IsNullOrEmpty(await reader.ReadLineAsync()))
            {
                // Headers do not matter here.
            }
            var (status, text) = await AnswerAsync(target);
            var head = $"HTTP/1.1 {status} x\r\nContent-Length: {Encoding.UTF8.GetByteCount(text)}\r\nConnection: close\r\n\r\n";
            await stream.WriteAsync(Encoding.UTF8.GetBytes(head + text));
        });
    }
}

async Task<(int Status, string Text)> AnswerAsync(string target)
{
    var question = target.IndexOf('?');
    var argument = question < 0 ? "" : Uri.UnescapeDataString(target[(question + 1)..]);
    switch (question < 0 ? target : target[..question])
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
