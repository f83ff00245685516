using NovaCron.Dwcp.Operations.Validation.Custom;
using NovaCron.Dwcp.Operations.Validation.Probes;

namespace NovaCron.Dwcp.Operations.Validation;

/// <summary>What to validate, against which targets.</summary>
public sealed record ValidationOptions
{
    public string Namespace { get; init; } = "staging";

    public ValidationProfile Profile { get; init; } = ValidationProfile.Production;

    /// <summary>Only these categories; all when empty. A partial run is never GO.</summary>
    public IReadOnlyList<CheckCategory> Categories { get; init; } = [];

    /// <summary>Only checks with these ids; all when empty. A partial run is never GO.</summary>
    public IReadOnlyList<string> Ids { get; init; } = [];

    /// <summary>Check ids to leave out, each with the reason that the report shows.</summary>
    public IReadOnlyDictionary<string, string> Exclude { get; init; } = new Dictionary<string, string>();

    /// <summary>Moves data for the checks that need it; without one they are errors.</summary>
    public ITransferProbe? TransferProbe { get; init; }

    /// <summary>host:port of 7420 as this machine reaches it; the Service's address when absent.</summary>
    public string? DataAddress { get; init; }

    /// <summary>Prometheus' HTTP API, for example <c>http://127.0.0.1:9090</c>. The pod of the bundled stack is asked when absent.</summary>
    public string? PrometheusUrl { get; init; }

    /// <summary>Alertmanager's HTTP API, for example <c>http://127.0.0.1:9093</c>. The pod of the bundled stack is asked when absent.</summary>
    public string? AlertmanagerUrl { get; init; }

    /// <summary>Reports of image scanners (JSON of trivy or grype, or SARIF) that name the running digests.</summary>
    public IReadOnlyList<string> ImageScanReports { get; init; } = [];

    /// <summary>Checks of the operator's own, beside the catalogue (<see cref="CustomCheckFile"/>).</summary>
    public IReadOnlyList<CustomCheck> CustomChecks { get; init; } = [];

    /// <summary>Directory in which Terraform made the infrastructure; without one it is taken as somebody else's.</summary>
    public string? TerraformDirectory { get; init; }

    /// <summary>Asks Terraform.</summary>
    internal Func<string, CancellationToken, Task<InfrastructureState>> ReadInfrastructure { get; init; } = InfrastructureState.ReadAsync;

    /// <summary>Tries addresses from this machine.</summary>
    internal IAddressProbe AddressProbe { get; init; } = new AddressProbe();

    /// <summary>Checks at work at the same time. 1..32.</summary>
    public int Concurrency { get; init; } = 8;

    /// <summary>Limit of a check that sets none itself.</summary>
    public TimeSpan CheckTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Limit of every check, its own included.</summary>
    internal TimeSpan LongestCheck { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Time between two scrapes that must differ; the process' own counters move within a second.</summary>
    internal TimeSpan FreshnessInterval { get; init; } = TimeSpan.FromSeconds(1.2);

    /// <summary>How long a test alert may take to its receiver; groups of alerts wait for half a minute by default.</summary>
    internal TimeSpan AlertPatience { get; init; } = TimeSpan.FromSeconds(75);

    /// <summary>How long a query of a dashboard may wait for data of the load; three scrapes when absent.</summary>
    internal TimeSpan? DataPatience { get; init; }

    /// <summary>How long a node may take to hear of its siblings; they tell every five seconds.</summary>
    internal TimeSpan SiblingPatience { get; init; } = TimeSpan.FromSeconds(12);

    /// <summary>Time between two looks at what takes its time.</summary>
    internal TimeSpan PollInterval { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Most of a log that is read, bytes; a longer one cannot be judged.</summary>
    internal long LogLimit { get; init; } = 16 << 20;

    /// <summary>Where the report goes in all its forms; nowhere when absent.</summary>
    public string? ReportDirectory { get; init; }
}
