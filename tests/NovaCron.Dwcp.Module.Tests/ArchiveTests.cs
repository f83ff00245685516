using System.Management.Automation;
using System.Security.Cryptography;

namespace NovaCron.Dwcp.Module.Tests;

public sealed class ArchiveTests(ModuleSession session) : IClassFixture<ModuleSession>, IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("dwcp-archive-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData("Store")]
    [InlineData("Fast")]
    [InlineData("Balanced")]
    [InlineData("Dense")]
    [InlineData("Max")]
    [InlineData("Adaptive")]
    public void A_file_comes_back_as_it_was_at_every_level(string level)
    {
        var path = Make("data.bin", 700_000);
        var compressed = One($"Compress-DwcpArchive '{path}' -Level {level} -BlockLength 262144");
        Assert.Equal(["Compress", path + ".dwcp", 700_000L, new FileInfo(path + ".dwcp").Length], Values(compressed, "Operation", "DestinationPath", "ContentLength", "EncodedLength"));
        var expanded = One($"Expand-DwcpArchive '{path}.dwcp' '{_directory}/back'");
        Assert.Equal([700_000L], Values(expanded, "ContentLength"));
        Assert.Equal(Hash(path), Hash($"{_directory}/back"));
        Assert.Empty(Directory.GetFiles(_directory, "*.partial"));
    }

    [Fact]
    public void Files_come_through_the_pipeline_into_a_directory_and_out_of_it()
    {
        var paths = Enumerable.Range(0, 3).Select(i => Make($"part-{i}.log", 10_000 + i)).ToList();
        Directory.CreateDirectory($"{_directory}/archives");
        Directory.CreateDirectory($"{_directory}/restored");
        session.Invoke($"'{_directory}/*.log' | Compress-DwcpArchive -DestinationPath '{_directory}/archives'");
        session.Invoke("param($files, $to) $files | Expand-DwcpArchive -DestinationPath $to", Directory.GetFiles($"{_directory}/archives").Select(name => new FileInfo(name)).ToArray(), $"{_directory}/restored");
        Assert.All(paths, path => Assert.Equal(Hash(path), Hash($"{_directory}/restored/{Path.GetFileName(path)}")));
    }

    [Fact]
    public void Get_DwcpArchive_tells_what_is_in_an_archive()
    {
        var path = Make("data.log", 100_000);
        session.Invoke($"Compress-DwcpArchive '{path}' -Level Fast -BlockLength 40000");
        var info = One($"Get-DwcpArchive '{path}.dwcp'");
        Assert.Equal(["Fast", 100_000L, 40_000, 3, false], [$"{info.Properties["Level"].Value}", .. Values(info, "ContentLength", "BlockLength", "BlockCount", "Verified")]);
        Assert.Equal(32, $"{info.Properties["TreeHash"].Value}".Length);
        Assert.Equal([true], Values(One($"Get-DwcpArchive '{path}.dwcp' -Verify"), "Verified"));
    }

    [Fact]
    public void A_window_and_its_memory_are_the_callers_choice()
    {
        var noise = RandomNumberGenerator.GetBytes(2 << 20);
        var path = Path.Combine(_directory, "twice.img");
        File.WriteAllBytes(path, [.. noise, .. noise]);
        var compressed = One($"Compress-DwcpArchive '{path}' -Level Store -BlockLength 1MB -WindowLength 8MB");
        Assert.InRange((long)compressed.Properties["EncodedLength"].Value, noise.Length, noise.Length + 20_000);
        Assert.Equal([8 << 20], Values(One($"Get-DwcpArchive '{path}.dwcp' -Verify"), "WindowLength"));
        Assert.StartsWith("Dwcp.Format.Invalid,", TheError($"Expand-DwcpArchive '{path}.dwcp' '{_directory}/back' -MemoryLimit 32MB").FullyQualifiedErrorId);
        One($"Expand-DwcpArchive '{path}.dwcp' '{_directory}/back'");
        Assert.Equal(Hash(path), Hash($"{_directory}/back"));
        Assert.StartsWith("Dwcp.InvalidArgument,", TheError($"Compress-DwcpArchive '{path}' -Force -WindowLength 3MB").FullyQualifiedErrorId);
    }

    [Fact]
    public void A_dictionary_is_trained_used_and_asked_for()
    {
        Directory.CreateDirectory($"{_directory}/records");
        for (var i = 0; i < 100; i++)
            File.WriteAllText($"{_directory}/records/{i:d3}.json", $"{{\"session\":{i * 7919 % 1000},\"pod\":\"dwcp-v3-{i % 7}\",\"outcome\":\"{(i % 9 == 0 ? "refused" : "committed")}\"}}");
        Assert.Empty(session.Invoke($"New-DwcpDictionary '{_directory}/records/*.json' '{_directory}/r.dwcd' -WhatIf"));
        var trained = One($"'{_directory}/records/*.json' | New-DwcpDictionary -DestinationPath '{_directory}/r.dwcd' -Length 4KB");
        Assert.Equal([100], Values(trained, "SampleCount"));
        var id = $"{trained.Properties["Id"].Value}";
        var path = $"{_directory}/records/007.json";
        session.Invoke($"Compress-DwcpArchive '{path}' -Dictionary '{_directory}/r.dwcd'");
        Assert.Equal([id], Values(One($"Get-DwcpArchive '{path}.dwcp'"), "DictionaryId"));
        var error = TheError($"Expand-DwcpArchive '{path}.dwcp' '{_directory}/back'");
        Assert.StartsWith("Dwcp.Format.Invalid,", error.FullyQualifiedErrorId);
        Assert.Contains(id, $"{error}");
        One($"Expand-DwcpArchive '{path}.dwcp' '{_directory}/back' -Dictionary '{_directory}/r.dwcd'");
        Assert.Equal(Hash(path), Hash($"{_directory}/back"));
    }

    [Fact]
    public void WhatIf_writes_nothing()
    {
        var path = Make("data.log", 100_000);
        Assert.Empty(session.Invoke($"Compress-DwcpArchive '{path}' -WhatIf"));
        Assert.Equal([path], Directory.GetFiles(_directory));
    }

    [Fact]
    public void A_file_that_exists_is_replaced_only_with_Force()
    {
        var path = Make("data.log", 5_000);
        File.WriteAllText(path + ".dwcp", "mine");
        Assert.StartsWith("Dwcp.InputOutput,", TheError($"Compress-DwcpArchive '{path}'").FullyQualifiedErrorId);
        Assert.Equal("mine", File.ReadAllText(path + ".dwcp"));
        session.Invoke($"Compress-DwcpArchive '{path}' -Force");
        Assert.StartsWith("Dwcp.InputOutput,", TheError($"Expand-DwcpArchive '{path}.dwcp'").FullyQualifiedErrorId);
        session.Invoke($"Expand-DwcpArchive '{path}.dwcp' -Force");
    }

    [Fact]
    public void A_damaged_archive_is_an_error_that_leaves_nothing_and_does_not_stop_the_next()
    {
        var bad = Make("bad.log", 50_000);
        var good = Make("good.log", 50_000);
        session.Invoke($"Compress-DwcpArchive '{bad}', '{good}'");
        File.Delete(bad);
        File.Delete(good);
        var bytes = File.ReadAllBytes(bad + ".dwcp");
        bytes[200] ^= 4;
        File.WriteAllBytes(bad + ".dwcp", bytes);
        Assert.StartsWith("Dwcp.Format.Invalid,", TheError($"Get-DwcpArchive '{bad}.dwcp' -Verify").FullyQualifiedErrorId);
        var error = TheError($"Expand-DwcpArchive '{bad}.dwcp', '{good}.dwcp'");
        Assert.StartsWith("Dwcp.Format.Invalid,", error.FullyQualifiedErrorId);
        Assert.Equal(ErrorCategory.InvalidData, error.CategoryInfo.Category);
        Assert.False(File.Exists(bad));
        Assert.True(File.Exists(good));
        Assert.Empty(Directory.GetFiles(_directory, "*.partial"));
    }

    [Theory]
    [InlineData("Compress-DwcpArchive '{0}/absent'", "Dwcp.PathNotFound")]
    [InlineData("Get-DwcpArchive '{0}/absent'", "Dwcp.PathNotFound")]
    [InlineData("Compress-DwcpArchive '{0}'", "Dwcp.InvalidArgument")]
    [InlineData("Expand-DwcpArchive '{0}/data.log'", "Dwcp.InvalidArgument")]
    [InlineData("Expand-DwcpArchive '{0}/data.log' '{0}/out'", "Dwcp.Format.Invalid")]
    [InlineData("Get-DwcpArchive '{0}/data.log'", "Dwcp.Format.Invalid")]
    [InlineData("Compress-DwcpArchive '{0}/data.log' -Level Enormous", "CannotConvertArgumentNoMessage")]
    [InlineData("Compress-DwcpArchive '{0}/data.log' -BlockLength 1", "ParameterArgumentValidationError")]
    public void Bad_input_is_told_by_name(string command, string id)
    {
        Make("data.log", 500);
        Assert.StartsWith(id + ",", TheError(string.Format(System.Globalization.CultureInfo.InvariantCulture, command, _directory)).FullyQualifiedErrorId);
    }

    [Fact]
    public void The_memory_limit_is_the_callers()
    {
        var path = Make("data.log", 100_000);
        session.Invoke($"Compress-DwcpArchive '{path}'");
        Assert.StartsWith("Dwcp.Format.Invalid,", TheError($"Expand-DwcpArchive '{path}.dwcp' '{_directory}/out' -MemoryLimit 1MB").FullyQualifiedErrorId);
    }

    private string Make(string name, int length)
    {
        var path = Path.Combine(_directory, name);
        var random = new Random(length);
        using var file = File.Create(path);
        using var writer = new StreamWriter(file);
        var written = 0;
        while (written < length)
        {
            var line = $"2026-03-01T00:00:{written % 60:00} pod-{random.Next(9)} moved {random.Next(100_000)} bytes\n";
            writer.Write(line[..Math.Min(line.Length, length - written)]);
            written += Math.Min(line.Length, length - written);
        }
        return path;
    }

    private static string Hash(string path) => Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(path)));

    private PSObject One(string command) => Assert.Single(session.Invoke(command));

    private static object[] Values(PSObject item, params string[] names) => [.. names.Select(name => item.Properties[name].Value)];

    private ErrorRecord TheError(string command) => Assert.Single(session.Run(command).Errors);
}
