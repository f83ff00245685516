using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using NovaCron.Dwcp.Operations.Cluster;
using NovaCron.Dwcp.Operations.Images;
using NovaCron.Dwcp.Operations.Rollout;
using NovaCron.Dwcp.Operations.Staging.Backups;
using NovaCron.Dwcp.Operations.Staging.Manifests;

namespace NovaCron.Dwcp.Operations.Staging;

/// <summary>One run of the pipeline. May be cut off anywhere: the next run finds out from the cluster what is left to do.</summary>
internal sealed class StagingRun
{
    private readonly ClusterConnection _connection;
    private StagingOptions _options;
    private readonly IProgress<StagingProgress>? _progress;
    private readonly TimeProvider _time;
    private readonly StagingFiles? _files;
    private readonly List<StageResult> _stages = [];
    private readonly List<StagingChange> _changes = [];
    private readonly List<RecordedObject> _applied = [];
    private readonly DeploymentChecklist _checklist = new();

    // Image references by tag, by what their pods run.
    private readonly Dictionary<string, string> _pins = new(StringComparer.Ordinal);

    // Found out by the first stages.
    private string _version = "";
    private ClusterIdentity _identity = new("", []);
    private bool _namespaceExists;
    private bool? _otherNamespaceExists;
    private StagingRecord? _record;
    private ClusterSurvey _survey = new();
    private ReleaseDecision? _decision;
    private string? _backup;
    private ManifestTemplates? _templates;
    private string _manifestHash = "";
    private List<JsonObject> _documents = [];
    private StagingSecrets? _completed;
    private IReadOnlyList<JsonObject> _secrets = [];
    private int _done;
    private StagingStage _stage;
    private int _changesBeforeStage;

    public StagingRun(ClusterConnection connection, StagingOptions options, IProgress<StagingProgress>? progress, TimeProvider time)
    {
        _connection = connection;
        _options = options;
        _progress = progress;
        _time = time;
        _files = options.OutputDirectory is null ? null : new StagingFiles(options.OutputDirectory, time);
    }

    public async Task<DwcpStaging> RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            var staging = await DeployAsync(cancellationToken).ConfigureAwait(false);
            _files?.Write(staging, _options);
            return staging;
        }
        catch (Exception e) when (_files is not null && e is DwcpStagingException or DwcpClusterException)
        {
            var stage = e is DwcpStagingException staging ? staging.Stage : _stage;
            _files?.Log(stage, e.Message, warning: true);
            if (stage is StagingStage.Infrastructure or StagingStage.Image)
                _checklist.Before($"Stage {stage} succeeded", false, e.Message);
            else
                _checklist.After($"Stage {stage} succeeded", false, e.Message);
            throw;
        }
        finally
        {
            if (!_options.WhatIf)
                _files?.Write(_checklist, $"{_options.Values.Release} in namespace {_options.Namespace} of {_connection.Context}");
        }
    }

    private async Task<DwcpStaging> DeployAsync(CancellationToken cancellationToken)
    {
        var started = _time.GetTimestamp();
        // What is wrong with names and values is told before anything is touched.
        new StagingService(_connection, _time).RefuseProduction(_options.Namespace, _options.AllowProduction);
        ValuesReader.Check(_options.Values);
        if (!System.Text.RegularExpressions.Regex.IsMatch(_options.Namespace, ValueLimits.Label))
        {
            throw new DwcpStagingException(StagingStage.Infrastructure, $"namespace '{_options.Namespace}'", "is no valid name",
                "Use lower case letters, digits and hyphens, at most 63.");
        }

        _templates = ManifestTemplates.Load(_options.AssetsPath);
        _manifestHash = _templates.Hash();

        // These two are needed by all others and change nothing.
        await StageAsync(StagingStage.Infrastructure, InspectAsync, true, cancellationToken).ConfigureAwait(false);
        // What may go into production is no stage that could be skipped.
        var isProduction = StagingNames.LooksLikeProduction(_options.Namespace);
        await StageAsync(StagingStage.Image, isProduction ? RequireDecisionAsync : ProvideImageAsync, isProduction || Wanted(StagingStage.Image), cancellationToken).ConfigureAwait(false);
        CheckImages();
        await RenderAsync(cancellationToken).ConfigureAwait(false);
        await StageAsync(StagingStage.Configuration, ConfigureAsync, Wanted(StagingStage.Configuration), cancellationToken).ConfigureAwait(false);
        await StageAsync(StagingStage.Services, t => ApplyAsync(StagingStage.Services, t), Wanted(StagingStage.Services), cancellationToken).ConfigureAwait(false);
        await StageAsync(StagingStage.Workloads, DeployWorkloadsAsync, Wanted(StagingStage.Workloads), cancellationToken).ConfigureAwait(false);

        await StageAsync(StagingStage.Monitoring, ObserveAsync, Wanted(StagingStage.Monitoring), cancellationToken).ConfigureAwait(false);

        if (_options.WhatIf)
            return Result(started, new DwcpStaging
            {
                Namespace = _options.Namespace,
                Server = _connection.Server,
                Context = _connection.Context,
                KubernetesVersion = _version,
                Release = _options.Values.Release,
                ManifestHash = _manifestHash,
                AppliedBy = _identity.UserName,
                WhatIf = true,
            });

        DwcpStaging? staging = null;
        await StageAsync(StagingStage.Verification, async token =>
        {
            var record = await RecordAsync(token).ConfigureAwait(false);
            staging = await StagingReader.ReadAsync(_connection, _options.Namespace, record, _version, token).ConfigureAwait(false);
            if (_decision?.Strangers(staging.Images) is { Count: > 0 } strangers)
            {
                throw new DwcpStagingException(StagingStage.Verification, $"namespace {_options.Namespace}",
                    $"runs images that the GO is not about: {string.Join(", ", strangers.Select(s => $"{s.Component} {s.Reference} as {s.Digest ?? "nothing that is ready"}"))}. v3 takes no traffic",
                    "Deploy images by digest, or load the validated ones onto every machine; then run it again.");
            }

            await CheckOffAsync(staging, token).ConfigureAwait(false);
            var verified = Wanted(StagingStage.Verification) ? await VerifyAsync(token).ConfigureAwait(false) : "recorded, not verified";
            _checklist.After("Every node answers on its own ports and says its percent", Wanted(StagingStage.Verification), verified);
            return verified;
        }, true, cancellationToken).ConfigureAwait(false);
        return Result(started, staging!);
    }

    /// <summary>The deployment's points, each by what the cluster itself says now.</summary>
    private async Task CheckOffAsync(DwcpStaging staging, CancellationToken cancellationToken)
    {
        var space = await _connection.FindAsync(ClusterResource.Namespace, null, _options.Namespace, cancellationToken).ConfigureAwait(false);
        var level = space?["metadata"]?["labels"]?["pod-security.kubernetes.io/enforce"]?.ToString();
        _checklist.After("The namespace enforces Pod Security restricted", level == "restricted", level ?? "it enforces nothing");
        foreach (var stage in _stages)
            _checklist.After($"Stage {stage.Stage}", stage.Outcome != StageOutcome.Skipped, $"{stage.Message} ({stage.Duration.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture)} s)");
        foreach (var workload in staging.Workloads)
            _checklist.After($"Deployment {workload.Name} is ready", workload.IsReady, $"{workload.Ready} of {workload.Desired}");
        foreach (var service in staging.Services.GroupBy(s => s.Service))
            _checklist.After($"Service {service.Key} has endpoints", service.First().ReadyEndpoints > 0, $"{service.First().ReadyEndpoints} ready, {service.First().Address}");
        var claim = _options.Values.Storage.Ephemeral ? null : await _connection.FindAsync(ClusterResource.PersistentVolumeClaim, _options.Namespace, "dwcp-v3-store", cancellationToken).ConfigureAwait(false);
        if (!_options.Values.Storage.Ephemeral)
            _checklist.After("The store's claim is bound", claim?["status"]?["phase"]?.ToString() == "Bound", claim?["status"]?["phase"]?.ToString() ?? "there is no claim");
        _checklist.After("The running images are known by their digests", staging.Images.Count > 0 && staging.Images.All(i => i.Digest is not null), string.Join(", ", staging.Images.Select(i => $"{i.Component} {i.Digest ?? i.Reference}")));
        _checklist.After("What was applied, and by whom, is on record", true, $"ConfigMap {_options.Namespace}/{StagingNames.Record}, {staging.AppliedBy}, {staging.AppliedAt:u}");
    }

    private DwcpStaging Result(long started, DwcpStaging staging) =>
        staging with { Stages = _stages, Changed = _changes, Backup = _backup, Duration = _time.GetElapsedTime(started) };

    private bool Wanted(StagingStage stage) =>
        (_options.Stages.Count == 0 || _options.Stages.Contains(stage) || stage == StagingStage.Verification) && !_options.SkipStages.Contains(stage);

    private async Task StageAsync(StagingStage stage, Func<CancellationToken, Task<string>> run, bool wanted, CancellationToken cancellationToken)
    {
        if (!wanted)
        {
            _stages.Add(new StageResult(stage, StageOutcome.Skipped, TimeSpan.Zero, "skipped on request"));
            return;
        }

        var started = _time.GetTimestamp();
        _stage = stage;
        _changesBeforeStage = _changes.Count;
        Report(stage, stage switch
        {
            StagingStage.Infrastructure => $"looking at {_connection.Context}",
            StagingStage.Image => "images",
            StagingStage.Configuration => "namespace, permissions, configuration",
            StagingStage.Services => "services",
            StagingStage.Workloads => "workloads",
            StagingStage.Monitoring => "monitoring",
            _ => "asking every pod",
        });
        var message = await run(cancellationToken).ConfigureAwait(false);
        var outcome = _changes.Count > _changesBeforeStage ? StageOutcome.Changed : StageOutcome.Unchanged;
        _stages.Add(new StageResult(stage, outcome, _time.GetElapsedTime(started), message));
        Report(stage, message);
    }

    private void Report(StagingStage stage, string message, bool warning = false)
    {
        // Verification and waiting are the last twentieth.
        var percent = stage == StagingStage.Verification ? 97 : 95 * _done / Math.Max(1, _documents.Count + _secrets.Count);
        _files?.Log(stage, message, warning);
        _progress?.Report(new StagingProgress(stage, message, Math.Min(percent, 99), warning));
    }

    private async Task<string> InspectAsync(CancellationToken cancellationToken)
    {
        _version = await _connection.GetVersionAsync(cancellationToken).ConfigureAwait(false);
        if (!StagingService.IsNewEnough(_version))
        {
            throw new DwcpStagingException(StagingStage.Infrastructure, $"cluster {_connection.Server}", $"runs Kubernetes {_version}, older than 1.30",
                "Upgrade the cluster, or name another one.");
        }

        _identity = await _connection.WhoAmIAsync(cancellationToken).ConfigureAwait(false);
        var space = await _connection.FindAsync(ClusterResource.Namespace, null, _options.Namespace, cancellationToken).ConfigureAwait(false);
        if (space?["metadata"]?["deletionTimestamp"] is not null)
        {
            throw new DwcpStagingException(StagingStage.Infrastructure, $"namespace {_options.Namespace}", "is being deleted",
                "Wait until it is gone (kubectl get namespace shows it), then deploy again.");
        }

        _namespaceExists = space is not null;
        _record = _namespaceExists ? await StagingRecord.ReadAsync(_connection, _options.Namespace, cancellationToken).ConfigureAwait(false) : null;
        foreach (var (reference, pinned) in _record?.Pins ?? new Dictionary<string, string>())
            _pins[reference] = pinned;
        // Here and not with the images, whose stage may be skipped.
        UsePins();
        _survey = await ClusterSurvey.TakeAsync(_connection, _options.Namespace, _options.Values, cancellationToken).ConfigureAwait(false);
        var notes = string.Concat(_survey.Notes.Select(n => $"; {n}"));
        _checklist.Before("The cluster is new enough (1.30)", true, _version);
        _checklist.Before("It is known who deploys", true, _identity.UserName);
        _checklist.Before("The settings are within their limits", true, "checked key by key");
        _checklist.Before("Production is meant, or this is none", true, _options.AllowProduction ? "allowed explicitly" : "neither namespace nor context is called so");
        _checklist.Before("The store's claim has what it needs", !_options.Values.Storage.Ephemeral && !_survey.Notes.Any(n => n.Contains("dwcp-v3-store", StringComparison.Ordinal)),
            _options.Values.Storage.Ephemeral ? "storage is ephemeral by choice, and data dies with its pod" : _survey.Notes.FirstOrDefault(n => n.Contains("dwcp-v3-store", StringComparison.Ordinal)) ?? _survey.AccessMode);
        _checklist.Before("Where the API server reaches pods from is known", _survey.ControlPlaneCidrs.Count + _options.Values.Network.ControlPlaneCidrs.Count > 0,
            string.Join(", ", _options.Values.Network.ControlPlaneCidrs.Concat(_survey.ControlPlaneCidrs).DefaultIfEmpty("no address could be read: pods are reached by port-forward")));
        return $"Kubernetes {_version} as {_identity.UserName}, namespace {_options.Namespace} {(_namespaceExists ? "exists" : "is new")}{notes}";
    }

    private async Task RenderAsync(CancellationToken cancellationToken)
    {
        var live = _namespaceExists ? await _connection.FindAsync(ClusterResource.Secret, _options.Namespace, StagingNames.Secrets, cancellationToken).ConfigureAwait(false) : null;
        var authority = _namespaceExists
            ? await _connection.FindAsync(ClusterResource.Secret, _options.Namespace, StagingNames.AuthoritySecret, cancellationToken).ConfigureAwait(false)
            : null;
        _completed = StagingSecrets.Complete(live, authority, _options.Namespace, _options.Values.Redis, _options.RotateSecrets, _time.GetUtcNow());
        _secrets = _completed.Documents(_options.Namespace);
        _documents = [.. StagingService.Render(_templates!, Settings(_options, _connection.Context, _survey, _completed), _options.Namespace)];
        if (_documents.Exists(d => d["kind"]!.ToString() == "Deployment" && d["metadata"]!["name"]!.ToString() == "grafana"))
        {
            var space = _options.Values.Network.MonitoringNamespace;
            var password = await _connection.FindAsync(ClusterResource.Secret, space, StagingNames.GrafanaSecret, cancellationToken).ConfigureAwait(false);
            _documents.Add(StagingSecrets.CompleteGrafana(password, space, _options.RotateSecrets));
            _documents = [.. _documents.OrderBy(ManifestOrder.Key, StringComparer.Ordinal)];
        }
    }

    /// <summary>Settings with the hashes of what pods read only when they start.</summary>
    internal static ManifestSettings Settings(StagingOptions options, string context, ClusterSurvey survey, StagingSecrets secrets)
    {
        var configuration = $"{options.Values.Mode}\n{options.Values.LogLevel}\n{options.Values.Release}\n{secrets.NodeHash}";
        var hash = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(configuration)))[..16].ToLowerInvariant();
        var isProduction = StagingNames.LooksLikeProduction(options.Namespace) || StagingNames.LooksLikeProduction(context);
        return new ManifestSettings(options.Values, options.Namespace, isProduction, survey, hash, secrets.RedisHash);
    }

    private void CheckImages()
    {
        var images = new[] { _options.Values.Image, _options.Values.RedisImage };
        _checklist.Before("Images are named by digest", images.All(StagingReader.IsByDigest), string.Join(", ", images));
        if (_decision is { } decision)
            _checklist.Before("The release has an approved GO", true, $"report {decision.Report} of {decision.Time:u}, approved by {decision.ApprovedBy}");
        if (_decision is not null)
            _checklist.Before("What was deployed before is saved", true, _backup ?? (_record is null ? "nothing was" : "the same is deployed already"));
    }

    private async Task<string> ProvideImageAsync(CancellationToken cancellationToken)
    {
        if (_options.ImageBuild is { } build)
        {
            if (_options.WhatIf)
                return $"would build {build.Path} and push it to {build.Registry ?? "nowhere"}; the rest is told for {_options.Values.Image}";
            if (build.Registry is null)
            {
                throw new DwcpStagingException(StagingStage.Image, build.Path, "would be built and then be out of the cluster's reach, because no registry was named",
                    "Name the registry that the cluster pulls from (-Registry).");
            }

            var image = await new ImagePublisher(_time).PublishAsync(build, new Lines(line => Report(StagingStage.Image, line)), cancellationToken).ConfigureAwait(false);
            _options = _options with { Values = _options.Values with { Image = image.Reference } };
            return string.Create(CultureInfo.InvariantCulture, $"{image.Reference}, {image.Size / 1e6:0.0} MB, {image.Components} components, pushed with {image.Tool}");
        }

        var loose = Loose.ToList();
        return loose.Count == 0 ? "images by digest" : $"not by digest yet: {string.Join(", ", loose)}";
    }

    private IEnumerable<string> Loose =>
        new[] { _options.Values.Image, _options.Values.RedisImage }.Where(i => !StagingReader.IsByDigest(i)).Distinct();

    private void UsePins() => _options = _options with
    {
        Values = _options.Values with
        {
            Image = _pins.GetValueOrDefault(_options.Values.Image, _options.Values.Image),
            RedisImage = _pins.GetValueOrDefault(_options.Values.RedisImage, _options.Values.RedisImage),
        },
    };

    /// <summary>A tag may mean something else tomorrow, or on the next machine: what it meant now is deployed by digest, where the pods' runtime can name it.</summary>
    /// <returns>Whether the manifests changed.</returns>
    private async Task<bool> PinAsync(CancellationToken cancellationToken)
    {
        var running = await StagingReader.ReadImagesAsync(_connection, _options.Namespace, cancellationToken).ConfigureAwait(false);
        var before = _pins.Count;
        foreach (var reference in Loose.Where(i => i == _options.Values.RedisImage || !StagingReader.IsOfMachines(i)))
        {
            if (running.Where(i => i.Reference == reference).Select(i => i.RepositoryDigest).Distinct().ToList() is not [{ } pinned])
                continue;
            _pins[reference] = pinned;
            Report(StagingStage.Workloads, $"{reference} is {pinned}, and deployed by that from now on");
        }

        if (_pins.Count == before)
            return false;
        UsePins();
        _documents =
        [
            .. _documents.Where(d => StageOf(d) != StagingStage.Workloads)
                .Concat(StagingService.Render(_templates!, Settings(_options, _connection.Context, _survey, _completed!), _options.Namespace).Where(d => StageOf(d) == StagingStage.Workloads))
                .OrderBy(ManifestOrder.Key, StringComparer.Ordinal),
        ];
        return true;
    }

    /// <summary>Into production goes what got its GO, byte for byte, at 0 %, and not before what is there was saved.</summary>
    private async Task<string> RequireDecisionAsync(CancellationToken cancellationToken)
    {
        if (_options.ImageBuild is { } build)
        {
            throw new DwcpStagingException(StagingStage.Image, build.Path, "would be built for production, which gets only images that were validated",
                $"Build and stage it first (New-DwcpStaging -Namespace {_options.StagingNamespace} -ImageSource ... -Registry ...), validate that, then deploy the release.");
        }

        var decision = await ReleaseDecision.ReadAsync(_connection, _options.StagingNamespace, _options.Values.Release, _manifestHash, _time.GetUtcNow(), cancellationToken).ConfigureAwait(false);
        if (_options.RequestedImage is { } requested && requested != decision.Image && !decision.Digests.Any(d => requested.EndsWith("@" + d, StringComparison.Ordinal)))
        {
            throw new DwcpStagingException(StagingStage.Image, requested, $"is not what got the GO for {decision.Release}: that is {decision.Image}",
                "Leave -Image out, or stage and validate the other image.");
        }

        _decision = decision;
        _options = _options with { Values = _options.Values with { Image = decision.Image, RedisImage = decision.RedisImage } };
        var text = $"GO of {decision.Time:u} for {decision.Release}, approved by {decision.ApprovedBy} (report {decision.Report}): {decision.Image}, {decision.RedisImage}";
        if (_record is null)
            return $"{text}; nothing of ours was deployed before, so there is nothing to save";
        if (_record.ManifestHash == _manifestHash && AreSame(_record.Values, _options.Values) && _record.Release == decision.Release)
            return $"{text}; it is deployed already";
        await RequireNoTrafficAsync(cancellationToken).ConfigureAwait(false);
        if (_options.WhatIf)
            return $"{text}; release {_record.Release} would be saved first";
        var path = _options.OutputDirectory is null ? null : Path.Combine(_options.OutputDirectory, "configuration-before.json");
        _backup = (await new BackupService(_connection, _time).BackupAsync(_options.Namespace, path, cancellationToken).ConfigureAwait(false)).Name;
        return $"{text}; release {_record.Release} is saved in {_backup}";
    }

    private static bool AreSame(StagingValues one, StagingValues other) => JsonNode.DeepEquals(JsonSerializer.SerializeToNode(one), JsonSerializer.SerializeToNode(other));

    /// <summary>A new release begins at 0 %: pods of it must not come up under the flag that another one has earned.</summary>
    private async Task RequireNoTrafficAsync(CancellationToken cancellationToken)
    {
        var map = await _connection.FindAsync(ClusterResource.ConfigMap, _options.Namespace, RolloutNames.ConfigMap, cancellationToken).ConfigureAwait(false);
        if (map?["data"]?[RolloutNames.FlagKey]?.ToString() is { Length: > 0 } flag && flag.Trim() != "0")
        {
            throw new DwcpStagingException(StagingStage.Image, ClusterResource.ConfigMap.Describe(_options.Namespace, RolloutNames.ConfigMap),
                $"v3 of release {_record?.Release} takes {flag} % of the traffic, and another release or configuration begins at 0 %",
                $"Lower it first (Set-DwcpRollout 0 -Namespace {_options.Namespace}), then deploy.");
        }
    }

    private async Task<string> ConfigureAsync(CancellationToken cancellationToken)
    {
        await ApplyAsync(StagingStage.Configuration, cancellationToken).ConfigureAwait(false);
        foreach (var secret in _secrets)
            await ApplyAsync(StagingStage.Configuration, secret, cancellationToken).ConfigureAwait(false);
        if (!_options.WhatIf)
        {
            await WaitForDefinitionsAsync(cancellationToken).ConfigureAwait(false);
            await SeedFlagsAsync(cancellationToken).ConfigureAwait(false);
            await PruneAsync(cancellationToken).ConfigureAwait(false);
        }

        return Summary(_documents.Count(d => StageOf(d) == StagingStage.Configuration) + _secrets.Count);
    }

    private async Task<string> DeployWorkloadsAsync(CancellationToken cancellationToken)
    {
        var started = _time.GetTimestamp();
        if (_options.WhatIf)
        {
            await ApplyAsync(StagingStage.Workloads, cancellationToken).ConfigureAwait(false);
            return Summary(_documents.Count(d => StageOf(d) == StagingStage.Workloads));
        }

        if (Loose.Contains(_options.Values.RedisImage))
        {
            // Before the nodes, which need not see it start twice.
            await ApplyAsync(StagingStage.Workloads, cancellationToken, IsOfRedis).ConfigureAwait(false);
            try
            {
                await WaitAsync(IsOfRedis, _options.ReadyTimeout / 4).ConfigureAwait(false);
                await PinAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (DwcpStagingException e)
            {
                // Waiting for all of them tells it again, with everything else that is wrong.
                Report(StagingStage.Workloads, e.Message, warning: true);
            }
        }

        await ApplyAsync(StagingStage.Workloads, cancellationToken).ConfigureAwait(false);
        var deployments = await WaitAsync(_ => true, _options.ReadyTimeout).ConfigureAwait(false);
        if (await PinAsync(cancellationToken).ConfigureAwait(false))
        {
            await ApplyAsync(StagingStage.Workloads, cancellationToken).ConfigureAwait(false);
            await WaitAsync(_ => true, _options.ReadyTimeout).ConfigureAwait(false);
        }

        return string.Create(CultureInfo.InvariantCulture, $"{deployments} deployments ready, waited {_time.GetElapsedTime(started).TotalSeconds:0.0} s");

        static bool IsOfRedis(JsonObject document) => document["metadata"]!["labels"]?["app.kubernetes.io/component"]?.ToString() == "redis";

        async Task<int> WaitAsync(Func<JsonObject, bool> which, TimeSpan limit)
        {
            var names = _documents.Where(d => d["kind"]!.ToString() == "Deployment" && StageOf(d) == StagingStage.Workloads && which(d)).Select(d => d["metadata"]!["name"]!.ToString()).ToList();
            await new WorkloadWaiter(_connection, _options.Namespace, _time)
                .WaitAsync(names, limit, (message, warning) => Report(StagingStage.Workloads, message, warning), cancellationToken)
                .ConfigureAwait(false);
            return names.Count;
        }
    }

    private async Task<string> ObserveAsync(CancellationToken cancellationToken)
    {
        var values = _options.Values.Monitoring;
        if (values.Stack == "None")
            return "no monitoring stack was chosen (monitoring.stack)";
        await ApplyAsync(StagingStage.Monitoring, cancellationToken).ConfigureAwait(false);
        var summary = Summary(_documents.Count(d => StageOf(d) == StagingStage.Monitoring));
        if (_options.WhatIf || values.Stack != "Bundled")
            return $"{values.Stack}: {summary}";
        var space = _options.Values.Network.MonitoringNamespace;
        var deployments = _documents.Where(d => d["kind"]!.ToString() == "Deployment" && StageOf(d) == StagingStage.Monitoring).Select(d => d["metadata"]!["name"]!.ToString()).ToList();
        await new WorkloadWaiter(_connection, space, _time)
            .WaitAsync(deployments, _options.ReadyTimeout, (message, warning) => Report(StagingStage.Monitoring, message, warning), cancellationToken).ConfigureAwait(false);
        var scraped = await new ScrapeWaiter(_connection, _options.Namespace, space, _time).WaitAsync(_options.ReadyTimeout, m => Report(StagingStage.Monitoring, m), cancellationToken).ConfigureAwait(false);
        return string.Create(CultureInfo.InvariantCulture, $"{summary}; Prometheus scrapes {scraped} pods");
    }

    private async Task<string> ApplyAsync(StagingStage stage, CancellationToken cancellationToken, Func<JsonObject, bool>? which = null)
    {
        var documents = _documents.Where(d => StageOf(d) == stage && which?.Invoke(d) != false).ToList();
        foreach (var document in documents)
        {
            var result = await ApplyAsync(stage, document, cancellationToken).ConfigureAwait(false);
            // The autoscaler owns the number of nodes; a new Deployment only starts with it.
            if (result is { Outcome: ApplyOutcome.Created } && result.Resource == ClusterResource.Deployment && document["spec"]?["replicas"] is null
                && result.Name == "dwcp-v3" && !_options.WhatIf)
            {
                var seed = new JsonObject { ["spec"] = new JsonObject { ["replicas"] = _options.Values.Node.MinimumReplicas } };
                await _connection.PatchAsync(ClusterResource.Deployment, _options.Namespace, result.Name, seed, fieldManager: StagingNames.SeedFieldManager, cancellationToken: cancellationToken)
                    .ConfigureAwait(false);
            }
        }

        return Summary(documents.Count);
    }

    private async Task<ApplyResult?> ApplyAsync(StagingStage stage, JsonObject document, CancellationToken cancellationToken)
    {
        var kind = document["kind"]!.ToString();
        var name = document["metadata"]!["name"]!.ToString();
        var resource = await _connection.ResolveAsync(document["apiVersion"]!.ToString(), kind, cancellationToken).ConfigureAwait(false);
        var space = resource.Namespaced ? document["metadata"]!["namespace"]?.ToString() ?? _options.Namespace : null;
        Report(stage, $"applying {resource.Describe(space, name)}");
        ApplyResult? result = null;
        if (_options.WhatIf && space is not null && !await ExistsAsync(space, cancellationToken).ConfigureAwait(false))
        {
            // The server cannot rehearse what goes into a namespace that is not there.
            _changes.Add(new StagingChange(resource.Describe(space, name), "created", DocumentDiff.Compare(null, document)));
        }
        else
        {
            result = await _connection.ApplyAsync(document, options: new ApplyOptions { DryRun = _options.WhatIf }, cancellationToken: cancellationToken).ConfigureAwait(false);
            if (result.Outcome != ApplyOutcome.Unchanged)
                _changes.Add(new StagingChange(result.Target, result.Outcome.ToString().ToLowerInvariant(), result.Changes));
        }

        var created = result?.Outcome == ApplyOutcome.Created;
        var entry = new RecordedObject(resource.ApiVersion, kind, space, name, created);
        var before = _record?.Objects.FirstOrDefault(o => o.IsSameAs(entry));
        // Something that carries our label although no record names it was created by a run that did not live to write its record.
        // In another namespace (monitoring) it may as well be another deployment's.
        var orphaned = before is null && !created && result is not null && !IsNamespaceOrShared(kind) && WasOursBefore(result) && (space == _options.Namespace || kind == "StorageClass");
        // Applied twice where a tag was resolved in between.
        if (!_applied.Exists(entry.IsSameAs))
        {
            _applied.Add(entry with { Created = created || before?.Created == true || orphaned });
            _done++;
        }

        return result;
    }

    private async Task<bool> ExistsAsync(string space, CancellationToken cancellationToken)
    {
        if (space == _options.Namespace)
            return _namespaceExists;
        _otherNamespaceExists ??= await _connection.FindAsync(ClusterResource.Namespace, null, space, cancellationToken).ConfigureAwait(false) is not null;
        return _otherNamespaceExists.Value;
    }

    private static bool IsNamespaceOrShared(string kind) => kind is "Namespace" or "CustomResourceDefinition" or "ValidatingAdmissionPolicy" or "ValidatingAdmissionPolicyBinding";

    private static bool WasOursBefore(ApplyResult result) =>
        !result.Changes.Any(c => c.Path == "/metadata/labels/app.kubernetes.io~1managed-by");

    private static StagingStage StageOf(JsonObject document) => document["kind"]!.ToString() switch
    {
        _ when document["metadata"]?["labels"]?["app.kubernetes.io/component"]?.ToString() == "monitoring" => StagingStage.Monitoring,
        "Service" or "Ingress" => StagingStage.Services,
        "Deployment" or "HorizontalPodAutoscaler" or "PodDisruptionBudget" => StagingStage.Workloads,
        _ => StagingStage.Configuration,
    };

    private string Summary(int total)
    {
        var changed = _changes.Count - _changesBeforeStage;
        return changed == 0 ? $"{total} objects, no change" : $"{total} objects, {changed} {(_options.WhatIf ? "would change" : "changed")}";
    }

    private async Task WaitForDefinitionsAsync(CancellationToken cancellationToken)
    {
        var limit = TimeSpan.FromSeconds(30);
        var started = _time.GetTimestamp();
        foreach (var definition in _documents.Where(d => d["kind"]!.ToString() == "CustomResourceDefinition"))
        {
            var name = definition["metadata"]!["name"]!.ToString();
            while (true)
            {
                var live = await _connection.GetAsync(ClusterResource.CustomResourceDefinition, null, name, cancellationToken).ConfigureAwait(false);
                var conditions = (live["status"]?["conditions"] as JsonArray ?? []).OfType<JsonObject>().ToList();
                if (conditions.Exists(c => c["type"]?.ToString() == "Established" && c["status"]?.ToString() == "True"))
                    break;
                if (_time.GetElapsedTime(started) > limit)
                {
                    var why = conditions.Find(c => c["status"]?.ToString() == "False")?["message"]?.ToString() ?? "no condition says why";
                    throw new DwcpStagingException(StagingStage.Configuration, $"CustomResourceDefinition {name}", $"is not served after 30 s: {why}",
                        "Look for a definition with the same names (kubectl get crd).");
                }

                await Task.Delay(TimeSpan.FromMilliseconds(100), _time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Flag and ceiling belong to the guardian. Where they are absent they are written once, as 0.</summary>
    private async Task SeedFlagsAsync(CancellationToken cancellationToken)
    {
        var map = await _connection.GetAsync(ClusterResource.ConfigMap, _options.Namespace, "dwcp-v3-config", cancellationToken).ConfigureAwait(false);
        var data = new JsonObject();
        foreach (var key in new[] { "FEATURE_FLAG_V3_ROLLOUT", "FEATURE_FLAG_V3_CEILING" })
        {
            if (map["data"]?[key] is null)
                data[key] = "0";
        }

        if (data.Count == 0)
            return;
        var fields = data.Select(d => new FieldChange($"/data/{d.Key}", null, d.Value!.ToJsonString())).ToList();
        // The revision makes it fail if somebody wrote a flag since: theirs counts.
        var patch = new JsonObject
        {
            ["metadata"] = new JsonObject { ["resourceVersion"] = map["metadata"]!["resourceVersion"]!.ToString() },
            ["data"] = data,
        };
        await _connection.PatchAsync(ClusterResource.ConfigMap, _options.Namespace, "dwcp-v3-config", patch, fieldManager: StagingNames.SeedFieldManager, cancellationToken: cancellationToken)
            .ConfigureAwait(false);
        _changes.Add(new StagingChange(ClusterResource.ConfigMap.Describe(_options.Namespace, "dwcp-v3-config"), "seeded", fields));
    }

    /// <summary>Removes what an older version applied and this one does not have. Never data, secrets, definitions or the namespace.</summary>
    private async Task PruneAsync(CancellationToken cancellationToken)
    {
        if (_record is null)
            return;
        var current = _documents.Concat(_secrets)
            .Select(d => new RecordedObject(d["apiVersion"]!.ToString(), d["kind"]!.ToString(), d["metadata"]!["namespace"]?.ToString(), d["metadata"]!["name"]!.ToString(), false))
            .ToList();
        foreach (var old in _record.Objects.Where(o => o.Created && !current.Exists(o.IsSameAs)))
        {
            if (IsNamespaceOrShared(old.Kind) || old.Kind is "PersistentVolumeClaim" or "Secret")
                continue;
            var resource = await _connection.ResolveAsync(old.ApiVersion, old.Kind, cancellationToken).ConfigureAwait(false);
            var live = await _connection.FindAsync(resource, old.Namespace, old.Name, cancellationToken).ConfigureAwait(false);
            if (live?["metadata"]?["labels"]?[StagingNames.ManagedByLabel]?.ToString() != StagingNames.ManagedBy)
                continue;
            await _connection.DeleteAsync(resource, old.Namespace, old.Name, uid: live["metadata"]?["uid"]?.ToString(), cancellationToken: cancellationToken).ConfigureAwait(false);
            _changes.Add(new StagingChange(resource.Describe(old.Namespace, old.Name), "removed", []));
        }
    }

    /// <summary>Writes the record if there is something new to tell.</summary>
    private async Task<StagingRecord> RecordAsync(CancellationToken cancellationToken)
    {
        // Stages that were skipped applied nothing now; what they applied before is still there.
        var objects = _applied.Concat((_record?.Objects ?? []).Where(o => !_applied.Exists(o.IsSameAs) && !_changes.Exists(c => c.Action == "removed" && c.Target.EndsWith($"/{o.Name}", StringComparison.Ordinal))))
            .ToList();
        var record = new StagingRecord
        {
            Release = _options.Values.Release,
            ManifestHash = _manifestHash,
            AppliedBy = _identity.UserName,
            AppliedAt = _time.GetUtcNow(),
            Values = _options.Values,
            Survey = _survey,
            Objects = objects,
            Pins = _pins,
        };
        // A run that ended early may have applied what its record never told: then nothing changes now, and there is something to tell all the same.
        if (_record is not null && _changes.Count == 0 && record.SaysTheSameAs(_record))
            return _record;
        await _connection.ApplyAsync(record.ToDocument(_options.Namespace), cancellationToken: cancellationToken).ConfigureAwait(false);
        return record;
    }

    private sealed class Lines(Action<string> write) : IProgress<string>
    {
        public void Report(string value) => write(value);
    }

    /// <summary>Every ready node pod answers on its own ports.</summary>
    private async Task<string> VerifyAsync(CancellationToken cancellationToken)
    {
        var pods = await _connection.ListAsync(ClusterResource.Pod, _options.Namespace, "app=dwcp-v3", cancellationToken: cancellationToken).ConfigureAwait(false);
        var ready = pods.Where(WorkloadWaiter.IsReady).Select(p => p["metadata"]!["name"]!.ToString()).ToList();
        if (ready.Count == 0)
        {
            throw new DwcpStagingException(StagingStage.Verification, $"namespace {_options.Namespace}", "has no ready node pod",
                "Run the workloads stage, which says why pods are not ready.");
        }

        var percents = new HashSet<double>();
        foreach (var pod in ready)
        {
            var health = await _connection.GetFromPodAsync(_options.Namespace, pod, 8080, "/health", cancellationToken: cancellationToken).ConfigureAwait(false);
            if (!health.IsSuccess)
                throw new DwcpStagingException(StagingStage.Verification, health.Target, $"answered {(int)health.StatusCode}: {health.Text}", "Look at the pod's log.");
            var flags = (await _connection.GetFromPodAsync(_options.Namespace, pod, 8081, "/flags", cancellationToken: cancellationToken).ConfigureAwait(false)).ReadJson();
            if (flags["effective"] is JsonValue effective && effective.TryGetValue<double>(out var percent))
                percents.Add(percent);
            else
                throw new DwcpStagingException(StagingStage.Verification, $"pod {pod} /flags", "does not say what percent is in force", "Look at the pod's log.");
        }

        return string.Create(CultureInfo.InvariantCulture, $"{ready.Count} node pods answer, v3 at {string.Join(" and ", percents.Order())} %");
    }
}
