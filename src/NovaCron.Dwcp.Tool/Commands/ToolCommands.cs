using System.Reflection;
using NovaCron.Dwcp.Tool.Bench;
using NovaCron.Dwcp.Tool.CommandLine;
using NovaCron.Dwcp.Transport.Rdma;

namespace NovaCron.Dwcp.Tool.Commands;

/// <summary>Finds the command that the first words name.</summary>
internal static class ToolCommands
{
    private const string Help = """
        dwcp: NovaCron DWCP v3 from a shell

          dwcp rehearse [-OutputDirectory DIR] ...  the whole story on this machine: cluster, staging, validation,
                                                    transfer, rollout, fault, rollback, reports
          dwcp run FILE.ps1 [-Name value ...]       run a runbook in an embedded PowerShell with the NovaCron module
          dwcp cluster up [--directory DIR] [--kubeconfig FILE] [--node PROGRAM]
                                                    run a rehearsal cluster until Ctrl+C; kubectl works with its kubeconfig;
                                                    its node pods run PROGRAM, such as the published dwcpd of an image
          dwcp send PATH... dwcp://HOST[:PORT]/OBJECT [options]
          dwcp receive dwcp://HOST[:PORT]/OBJECT PATH [options]
                                                    transfer to or from a node; - for PATH is standard input or
                                                    output: pg_dump x | dwcp send - dwcp://host/dumps/x
          dwcp compress [FILE [ARCHIVE]] [--level LEVEL] [--threads N] [--block BYTES]
                        [--window MIB] [--dictionary DICTIONARY] [--force]
          dwcp expand [ARCHIVE [FILE]] [--threads N] [--memory MIB] [--dictionary DICTIONARY] [--force]
                                                    to and from an archive (docs/codec-format.md); without names, or
                                                    with -, through pipes: cat x | dwcp compress | ssh host dwcp expand
          dwcp inspect ARCHIVE [--blocks]           what an archive holds, from its index
          dwcp train DICTIONARY SAMPLE... [--lines] [--length BYTES] [--force]
                                                    a dictionary for small payloads, from files or lines like them
          dwcp bench FILE [--mib N] [--threads N]   what each level makes of a file, and how fast
          dwcp bench datacenter [--mib N] [--runs N] [--directory DIR] [--paths sockets,shm,tcp,session]
                                                    the bulk path, file to file between two processes of this machine:
                                                    plain sockets, UCX in shared memory and over TCP, and the session
          dwcp bench datacenter --listen ADDRESS[:PORT] [--directory DIR]
                                                    a node to measure against; says how, until Ctrl+C
          dwcp bench datacenter dwcp://HOST[:PORT]/OBJECT [--mib N] [--runs N] [--directory DIR] [options of send]
                                                    the same to a node: between hosts, or from pod to pod
          dwcp bench rollback [--pods N] [--runs N] [--rate N] [--guardian] [--hang] [--node PROGRAM]
                                                    rollbacks of a rehearsal cluster under traffic: how long until v3 has
                                                    stopped, until all is done, and what the clients noticed
          dwcp bench guardian [--pods N] [--seconds N] [--interval S] [--node PROGRAM]
                                                    CPU and memory of the guardian's process with so many node pods
          dwcp bench versions FILE [--mib N] [--every KIB]
                                                    what of a changed file travels to a node that has the one before
          dwcp help | --help                        this text
          dwcp version | --version

        Options of send and receive
          --api-key-file FILE      the API key (or environment variable DWCP_API_KEY; never an argument)
          --certificate FILE       a client certificate instead of a key: PEM, or PKCS #12 (.pfx). RDMA needs one
          --certificate-key FILE   its private key, PEM, when it is not in the same file
          --certificate-password-file FILE
                                   the password of the key, or of the .pfx
          --ca FILE                authority of the node's certificate, PEM; the system's by default
          --pin SHA256             trust exactly this certificate
          --server-name NAME       name in the node's certificate (dwcp-v3)
          --client-id ID           who is transferring; decides the side of the traffic split
          --level LEVEL            Store, Fast, Balanced, Dense, Max or Adaptive: what is fastest end to end (Adaptive)
          --version N              offer only protocol version 1 or 3
          --max-rate BYTES         most bytes per second
          --mode MODE              Auto, Internet (UDP where it gets through), Datacenter or Hybrid (Auto)
          --profile PROFILE        Bulk, or Background: yields to everything else on the path, over UDP (Bulk)
          --parallelism N          TCP connections where UDP does not get through, 1 to 64
          --no-resume              send everything again
          --delta                  receive: take what the object shares with what stands at PATH from there; only the rest travels
          --verbose                say which way was taken and why
          --require-rdma           the datacentre's bulk path by RDMA verbs, or an error that says what is missing
          --quiet                  no progress
          --json                   the result as one line of JSON on standard output

        Exit codes: 0 done; 1 failed; 64 wrong arguments; 65 the runbook is not valid PowerShell; 66 there is no such
        runbook; 130 interrupted; otherwise what the runbook exits with, or the ExitCode of its last result.

        """;

    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        var rest = arguments.Skip(1).ToList();
        switch (arguments.Count == 0 ? "" : arguments[0])
        {
            case "help" or "--help" or "-h":
                await Console.Out.WriteAsync(Help).ConfigureAwait(false);
                return ExitCode.Success;
            case "version" or "--version":
                await Console.Out.WriteLineAsync($"dwcp {Version}").ConfigureAwait(false);
                return ExitCode.Success;
            case "run":
                return await RunCommand.RunAsync(rest, cancellationToken).ConfigureAwait(false);
            case "rehearse":
                return await RunCommand.RunAsync([Repository.Runbook("Invoke-Rehearsal.ps1"), .. rest], cancellationToken).ConfigureAwait(false);
            case "cluster":
                return await ClusterCommand.RunAsync(rest, cancellationToken).ConfigureAwait(false);
            case "send":
                return await TransferCommand.SendAsync(rest, cancellationToken).ConfigureAwait(false);
            case "receive":
                return await TransferCommand.ReceiveAsync(rest, cancellationToken).ConfigureAwait(false);
            case "compress":
                return await ArchiveCommand.CompressAsync(rest, cancellationToken).ConfigureAwait(false);
            case "expand":
                return await ArchiveCommand.ExpandAsync(rest, cancellationToken).ConfigureAwait(false);
            case "inspect":
                return await ArchiveCommand.InspectAsync(rest, cancellationToken).ConfigureAwait(false);
            case "train":
                return await ArchiveCommand.TrainAsync(rest, cancellationToken).ConfigureAwait(false);
            case "bench" when rest is ["datacenter", ..]:
                return await DatacenterBench.RunAsync([.. rest.Skip(1)], cancellationToken).ConfigureAwait(false);
            case "bench" when rest is ["rollback", ..]:
                return await RollbackBench.RunAsync([.. rest.Skip(1)], cancellationToken).ConfigureAwait(false);
            case "bench" when rest is ["guardian", ..]:
                return await GuardianBench.RunAsync([.. rest.Skip(1)], cancellationToken).ConfigureAwait(false);
            case "bench" when rest is ["versions", ..]:
                return await VersionsBench.RunAsync([.. rest.Skip(1)], cancellationToken).ConfigureAwait(false);
            case BulkWorker.Verb: // started by the benchmark's node, as dwcpd starts it
                return await BulkWorker.RunAsync(Console.OpenStandardInput(), Console.OpenStandardOutput(), cancellationToken).ConfigureAwait(false);
            case BenchNode.Verb:
                return await BenchNode.RunAsync(rest, cancellationToken).ConfigureAwait(false);
            case "bench":
                return await ArchiveCommand.BenchAsync(rest, cancellationToken).ConfigureAwait(false);
            case "":
                throw ToolException.Usage("No command was given. 'dwcp help' lists them.");
            default:
                throw ToolException.Usage($"Unknown command '{arguments[0]}'. 'dwcp help' lists them.");
        }
    }

    private static string Version =>
        typeof(ToolCommands).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";
}
