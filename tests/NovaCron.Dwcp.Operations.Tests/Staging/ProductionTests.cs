using System.Text.Json.Nodes;
using NovaCron.Dwcp.Operations.Cluster;
using NovaCron.Dwcp.Operations.Staging;
using NovaCron.Dwcp.Operations.Staging.Backups;
using NovaCron.Dwcp.Operations.Tests.Validation;

namespace NovaCron.Dwcp.Operations.Tests.Staging;

/// <summary>Into production goes what got its GO, and nothing else.</summary>
public sealed class ProductionTests
{
    private const string Decision = "api/v1/namespaces/staging/configmaps/dwcp-v3-validation";
    private const string Configuration = "api/v1/namespaces/production/configmaps/dwcp-v3-config";

    private static StagingOptions Options(StagingValues? values = null) => new() { Namespace = "production", AllowProduction = true, Values = values ?? new StagingValues() };

    private static Task<DwcpStaging> DeployAsync(ValidationRig rig, StagingOptions? options = null) =>
        new StagingService(rig.Connection).DeployAsync(options ?? Options(), null, TestContext.Current.CancellationToken);

    [Fact]
    public async Task The_images_of_the_GO_are_deployed_at_zero_percent_and_a_second_run_changes_nothing()
    {
        using var rig = await ValidationRig.StartApprovedAsync();
        var staging = await DeployAsync(rig);
        Assert.True(staging.IsReady);
        Assert.StartsWith("registry.test/dwcpd@sha256:", staging.Images.Single(i => i.Component == "node").Reference);
        Assert.StartsWith("registry.test/redis@sha256:", staging.Images.Single(i => i.Component == "redis").Reference);
        Assert.Equal("0", rig.Server.Get(Configuration)["data"]!["FEATURE_FLAG_V3_ROLLOUT"]!.ToString());
        Assert.Contains("approved by", staging.Stages.Single(s => s.Stage == StagingStage.Image).Message);
        Assert.Null(staging.Backup);
        var again = await DeployAsync(rig);
        Assert.Equal("no change", again.Summary);
        Assert.Null(again.Backup);
        // Also while v3 takes traffic: applying the same again moves nothing.
        rig.Server.Change(Configuration, m => m["data"]!["FEATURE_FLAG_V3_ROLLOUT"] = "10");
        Assert.Equal("no change", (await DeployAsync(rig)).Summary);
        Assert.Equal("10", rig.Server.Get(Configuration)["data"]!["FEATURE_FLAG_V3_ROLLOUT"]!.ToString());
    }

    [Theory]
    [InlineData("no record", "does not exist")]
    [InlineData("decision=REVIEW", "records REVIEW, not GO")]
    [InlineData("release=2.9.0", "is a GO for release 2.9.0, not 3.0.0")]
    [InlineData("approvedBy=", "nobody has approved")]
    [InlineData("approvedReport=other", "nobody has approved")]
    [InlineData("time=2020-01-01T00:00:00Z", "older than 7 days")]
    [InlineData("time=yesterday", "older than 7 days")]
    [InlineData("manifests=0000", "other manifests were validated")]
    [InlineData("approvedManifests=0000", "other manifests were validated")]
    [InlineData("images=", "names no image digests")]
    [InlineData("approvedImages=sha256:00", "or others were approved")]
    [InlineData("images=sha256:00 approvedImages=sha256:00", "runs other images than the GO is about")]
    public async Task Without_a_valid_GO_production_is_left_alone(string defect, string expected)
    {
        using var rig = await ValidationRig.StartApprovedAsync();
        if (defect == "no record")
            rig.Server.Objects.Remove(Decision);
        else
        {
            rig.Server.Change(Decision, m =>
            {
                foreach (var part in defect.Split(' '))
                    m["data"]![part.Split('=')[0]] = part.Split('=')[1];
            });
        }

        var e = await Assert.ThrowsAsync<DwcpStagingException>(() => DeployAsync(rig));
        Assert.Contains(expected, e.Message);
        Assert.NotEmpty(e.Remedy);
        Assert.DoesNotContain(rig.Server.Objects.Keys, k => k.Contains("/production", StringComparison.Ordinal));
        // Leaving the stage out does not get around it.
        await Assert.ThrowsAsync<DwcpStagingException>(() => DeployAsync(rig, Options() with { SkipStages = [StagingStage.Image] }));
    }

    [Fact]
    public async Task A_change_is_saved_first_and_begins_at_zero_percent()
    {
        using var rig = await ValidationRig.StartApprovedAsync();
        await DeployAsync(rig);
        var changed = Options(new StagingValues { LogLevel = "debug" });
        var plan = await DeployAsync(rig, changed with { WhatIf = true });
        Assert.Contains("would be saved first", plan.Stages.Single(s => s.Stage == StagingStage.Image).Message);
        Assert.Empty(await new BackupService(rig.Connection).ListAsync("production", TestContext.Current.CancellationToken));

        rig.Server.Change(Configuration, m => m["data"]!["FEATURE_FLAG_V3_ROLLOUT"] = "10");
        var e = await Assert.ThrowsAsync<DwcpStagingException>(() => DeployAsync(rig, changed));
        Assert.Contains("takes 10 % of the traffic", e.Message);
        rig.Server.Change(Configuration, m => m["data"]!["FEATURE_FLAG_V3_ROLLOUT"] = "0");

        var directory = Directory.CreateTempSubdirectory("dwcp-production-").FullName;
        try
        {
            var staging = await DeployAsync(rig, changed with { OutputDirectory = directory });
            Assert.NotNull(staging.Backup);
            Assert.Contains("\"info\"", File.ReadAllText(Path.Combine(directory, "configuration-before.json")));
            var service = new BackupService(rig.Connection);
            Assert.Equal(staging.Backup, Assert.Single(await service.ListAsync("production", TestContext.Current.CancellationToken)).Name);
            await service.RestoreAsync("production", cancellationToken: TestContext.Current.CancellationToken);
            Assert.Equal("info", rig.Server.Get(Configuration)["data"]!["LOG_LEVEL"]!.ToString());
            Assert.Equal("no change", (await DeployAsync(rig)).Summary);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public async Task Another_image_a_build_and_a_digest_that_was_not_validated_are_refused()
    {
        using var rig = await ValidationRig.StartApprovedAsync();
        var image = await Assert.ThrowsAsync<DwcpStagingException>(() => DeployAsync(rig, Options() with { RequestedImage = "registry.test/dwcpd:latest" }));
        Assert.Contains("is not what got the GO", image.Message);
        var build = await Assert.ThrowsAsync<DwcpStagingException>(() => DeployAsync(rig, Options() with { ImageBuild = new() { Path = "." } }));
        Assert.Contains("only images that were validated", build.Message);
        rig.Server.ShapePod = pod =>
        {
            if (pod["metadata"]!["namespace"]!.ToString() == "production" && pod["metadata"]!["name"]!.ToString().StartsWith("dwcp-v3-redis", StringComparison.Ordinal))
                pod["status"]!["containerStatuses"]![0]!["imageID"] = "registry.test/redis@sha256:" + new string('b', 64);
        };
        var stranger = await Assert.ThrowsAsync<DwcpStagingException>(() => DeployAsync(rig));
        Assert.Equal(StagingStage.Verification, stranger.Stage);
        Assert.Contains("images that the GO is not about: redis", stranger.Message);
    }

    [Theory]
    [InlineData("dwcpd:3.0.0", "docker.io/library/dwcpd@sha256:aa", "dwcpd@sha256:aa")]
    [InlineData("registry:5000/n/dwcpd:3.0.0", "docker-pullable://registry:5000/n/dwcpd@sha256:aa", "registry:5000/n/dwcpd@sha256:aa")]
    [InlineData("dwcpd:3.0.0", "docker.io/library/import-2026-01-01@sha256:aa", null)]
    [InlineData("dwcpd:3.0.0", "sha256:aa", null)]
    public void An_image_is_named_by_digest_where_the_runtime_can_pull_it_so(string reference, string imageId, string? expected) =>
        Assert.Equal(expected, StagingReader.RepositoryDigest(reference, imageId));
}
