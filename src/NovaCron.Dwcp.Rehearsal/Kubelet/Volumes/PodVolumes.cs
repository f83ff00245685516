using System.Text;
using System.Text.Json.Nodes;
using NovaCron.Dwcp.Rehearsal.Kubelet.Pods;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Kubelet.Volumes;

/// <summary>The volumes of one pod as directories, and their places in its containers.</summary>
internal sealed class PodVolumes(ClusterStore store, IServiceAccountTokens tokens, JsonObject pod, string podDirectory, string claimsDirectory)
{
    private const UnixFileMode DefaultMode =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    private readonly Dictionary<string, (string Token, DateTimeOffset Renew)> _tokens = [];

    /// <summary>Creates the volumes, or brings their files up to date.</summary>
    /// <exception cref="ContainerConfigException">What a volume refers to is missing.</exception>
    public void Refresh(string podAddress, string hostAddress)
    {
        foreach (var volume in pod.At("spec.volumes").Objects())
        {
            var name = volume.Text("name") ?? "";
            try
            {
                Set(volume, Directory(name), podAddress, hostAddress);
            }
            catch (ContainerConfigException error)
            {
                throw new ContainerConfigException($"MountVolume.SetUp failed for volume \"{name}\" : {error.Message}");
            }
        }
    }

    /// <summary>Puts the volumes in their places below a container's root.</summary>
    public void Mount(JsonObject container, string root)
    {
        // Outer places first, so that an inner one finds its parent.
        foreach (var mount in container["volumeMounts"].Objects().OrderBy(static m => m.Text("mountPath")!.TrimEnd('/').Length))
        {
            var source = SourceOf(mount.Text("name") ?? "");
            var target = root + "/" + mount.Text("mountPath")!.Trim('/');
            System.IO.Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            if (mount.Text("subPath") is { Length: > 0 } subPath)
            {
                source = Path.Combine(source, subPath);
                if (File.Exists(source))
                {
                    // A file mounted by subPath does not follow updates of its volume, in a real pod either.
                    File.Copy(source, target, overwrite: true);
                    continue;
                }
                System.IO.Directory.CreateDirectory(source);
            }
            if (new FileInfo(target).LinkTarget is not null)
            {
                continue;
            }
            if (System.IO.Directory.Exists(target))
            {
                System.IO.Directory.Delete(target, recursive: true);
            }
            File.CreateSymbolicLink(target, source);
        }
    }

    private string Directory(string volume) => Path.Combine(podDirectory, "volumes", volume);

    private string SourceOf(string name)
    {
        var volume = pod.At("spec.volumes").Objects().FirstOrDefault(v => v.Text("name") == name);
        return volume?["persistentVolumeClaim"] is JsonObject claim ? ClaimDirectory(claim.Text("claimName") ?? "") : Directory(name);
    }

    private string ClaimDirectory(string claim)
    {
        var bound = store.Find(ResourceTypes.PersistentVolumeClaims, pod.Namespace(), claim)?.Document
            ?? throw new ContainerConfigException($"persistentvolumeclaim \"{claim}\" not found");
        var volume = (bound["spec"] as JsonObject)?.Text("volumeName");
        return string.IsNullOrEmpty(volume)
            ? throw new ContainerConfigException($"persistentvolumeclaim \"{claim}\" is not bound")
            : Path.Combine(claimsDirectory, volume);
    }

    private void Set(JsonObject volume, string directory, string podAddress, string hostAddress)
    {
        if (volume["persistentVolumeClaim"] is JsonObject claim)
        {
            System.IO.Directory.CreateDirectory(ClaimDirectory(claim.Text("claimName") ?? ""));
            return;
        }
        if (volume.ContainsKey("emptyDir"))
        {
            System.IO.Directory.CreateDirectory(directory);
            return;
        }

        var files = new Dictionary<string, ProjectedFile>(StringComparer.Ordinal);
        if (volume["configMap"] is JsonObject configMap)
        {
            AddObject(files, ResourceTypes.ConfigMaps, "configmap", configMap.Text("name"), configMap, Mode(configMap, DefaultMode));
        }
        else if (volume["secret"] is JsonObject secret)
        {
            AddObject(files, ResourceTypes.Secrets, "secret", secret.Text("secretName"), secret, Mode(secret, DefaultMode));
        }
        else if (volume["downwardAPI"] is JsonObject downward)
        {
            AddFields(files, downward, Mode(downward, DefaultMode), podAddress, hostAddress);
        }
        else if (volume["projected"] is JsonObject projected)
        {
            AddProjected(files, volume.Text("name") ?? "", projected, Mode(projected, DefaultMode), podAddress, hostAddress);
        }
        else
        {
            throw new ContainerConfigException($"the rehearsal has no volumes of the kind of '{volume.Text("name")}': "
                + string.Join(", ", volume.Select(static p => p.Key).Where(static k => k != "name")));
        }
        AtomicDirectory.Write(directory, files, store.Clock.GetUtcNow());
    }

    private void AddProjected(
        Dictionary<string, ProjectedFile> files, string name, JsonObject projected, UnixFileMode mode, string podAddress, string hostAddress)
    {
        foreach (var source in projected["sources"].Objects())
        {
            if (source["serviceAccountToken"] is JsonObject token)
            {
                files[token.Text("path") ?? "token"] = new(Encoding.UTF8.GetBytes(Token(name, token)), mode);
            }
            else if (source["configMap"] is JsonObject configMap)
            {
                AddObject(files, ResourceTypes.ConfigMaps, "configmap", configMap.Text("name"), configMap, mode);
            }
            else if (source["secret"] is JsonObject secret)
            {
                AddObject(files, ResourceTypes.Secrets, "secret", secret.Text("name"), secret, mode);
            }
            else if (source["downwardAPI"] is JsonObject downward)
            {
                AddFields(files, downward, mode, podAddress, hostAddress);
            }
        }
    }

    private string Token(string volume, JsonObject source)
    {
        var now = store.Clock.GetUtcNow();
        var key = volume + "/" + source.Text("path");
        if (_tokens.TryGetValue(key, out var known) && now < known.Renew)
        {
            return known.Token;
        }
        var lifetime = TimeSpan.FromSeconds(source.Integer("expirationSeconds") ?? 3600);
        var account = (pod["spec"] as JsonObject)?.Text("serviceAccountName") ?? "default";
        try
        {
            var token = tokens.IssueToken(pod.Namespace(), account, lifetime, pod.Name());
            // A kubelet renews a token when a fifth of its life is left.
            _tokens[key] = (token, now + (lifetime * 0.8));
            return token;
        }
        catch (ApiStatusException error)
        {
            throw new ContainerConfigException($"failed to fetch token: {error.Message}");
        }
    }

    private void AddObject(
        Dictionary<string, ProjectedFile> files, ResourceType type, string kind, string? name, JsonObject selection, UnixFileMode mode)
    {
        var optional = selection.Boolean("optional") == true;
        var document = store.Find(type, pod.Namespace(), name ?? "")?.Document;
        if (document is null)
        {
            if (optional)
            {
                return;
            }
            throw new ContainerConfigException($"{kind} \"{name}\" not found");
        }
        var entries = ObjectData.Read(document);
        if (selection["items"] is not JsonArray items)
        {
            foreach (var (key, content) in entries)
            {
                files[key] = new(content, mode);
            }
            return;
        }
        foreach (var item in items.Objects())
        {
            var key = item.Text("key") ?? "";
            if (entries.TryGetValue(key, out var content))
            {
                files[item.Text("path") ?? key] = new(content, Mode(item, mode));
            }
            else if (!optional)
            {
                throw new ContainerConfigException($"{(kind == "secret" ? "references non-existent secret key" : "references non-existent config key")}: {key}");
            }
        }
    }

    private void AddFields(Dictionary<string, ProjectedFile> files, JsonObject source, UnixFileMode mode, string podAddress, string hostAddress)
    {
        var current = store.Find(ResourceTypes.Pods, pod.Namespace(), pod.Name())?.Document ?? pod;
        foreach (var item in source["items"].Objects())
        {
            var text = item["fieldRef"] is JsonObject field
                ? FieldReference.Read(current, field.Text("fieldPath") ?? "", podAddress, hostAddress)
                : item["resourceFieldRef"] is JsonObject resource ? Resource(current, resource) : "";
            files[item.Text("path") ?? ""] = new(Encoding.UTF8.GetBytes(text), Mode(item, mode));
        }
    }

    private static string Resource(JsonObject pod, JsonObject reference)
    {
        var container = pod.At("spec.containers").Objects().FirstOrDefault(c => c.Text("name") == reference.Text("containerName"))
            ?? throw new ContainerConfigException($"container {reference.Text("containerName")} not found");
        return FieldReference.ReadResource(container, reference.Text("resource") ?? "", reference["divisor"]?.ToString());
    }

    private static UnixFileMode Mode(JsonObject source, UnixFileMode otherwise)
    {
        var mode = source.Integer("defaultMode") ?? source.Integer("mode");
        // The owner must be able to replace the file, whatever a Secret's mode forbids others.
        return mode is { } bits ? (UnixFileMode)(bits & 0x1FF) | UnixFileMode.UserRead : otherwise;
    }
}
