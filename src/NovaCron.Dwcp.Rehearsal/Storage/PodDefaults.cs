using System.Text.Json.Nodes;

namespace NovaCron.Dwcp.Rehearsal.Storage;

/// <summary>Defaults of pods and of pod templates.</summary>
internal static class PodDefaults
{
    private const int VolumeFileMode = 420; // 0644

    /// <summary>Fills in <c>spec.template</c> of a workload.</summary>
    public static void ApplyTemplate(JsonObject workloadSpec)
    {
        if (workloadSpec["template"] is JsonObject template)
        {
            Apply(template.Child("spec"));
        }
    }

    /// <summary>Fills in the spec of a pod.</summary>
    public static void Apply(JsonObject spec)
    {
        Defaults.Fill(spec, "restartPolicy", "Always");
        Defaults.Fill(spec, "terminationGracePeriodSeconds", 30);
        Defaults.Fill(spec, "dnsPolicy", "ClusterFirst");
        Defaults.Fill(spec, "securityContext", new JsonObject());
        Defaults.Fill(spec, "schedulerName", "default-scheduler");
        if (spec.Text("serviceAccountName") is { Length: > 0 } account)
        {
            spec["serviceAccount"] = account;
        }
        else if (spec.Text("serviceAccount") is { Length: > 0 } deprecated)
        {
            spec["serviceAccountName"] = deprecated;
        }
        foreach (var container in spec["containers"].Objects().Concat(spec["initContainers"].Objects()))
        {
            ApplyContainer(container);
        }
        foreach (var volume in spec["volumes"].Objects())
        {
            ApplyVolume(volume);
        }
        foreach (var spread in spec["topologySpreadConstraints"].Objects())
        {
            Defaults.Fill(spread, "whenUnsatisfiable", "DoNotSchedule");
        }
    }

    private static void ApplyContainer(JsonObject container)
    {
        Defaults.Fill(container, "terminationMessagePath", "/dev/termination-log");
        Defaults.Fill(container, "terminationMessagePolicy", "File");
        Defaults.Fill(container, "resources", new JsonObject());
        if (container.Text("image") is { } image)
        {
            Defaults.Fill(container, "imagePullPolicy", IsLatest(image) ? "Always" : "IfNotPresent");
        }
        foreach (var port in container["ports"].Objects())
        {
            Defaults.Fill(port, "protocol", "TCP");
        }
        foreach (var variable in container["env"].Objects())
        {
            if (variable.At("valueFrom.fieldRef") is JsonObject field)
            {
                Defaults.Fill(field, "apiVersion", "v1");
            }
        }
        foreach (var probe in (string[])["livenessProbe", "readinessProbe", "startupProbe"])
        {
            if (container[probe] is JsonObject settings)
            {
                Defaults.Fill(settings, "timeoutSeconds", 1);
                Defaults.Fill(settings, "periodSeconds", 10);
                Defaults.Fill(settings, "successThreshold", 1);
                Defaults.Fill(settings, "failureThreshold", 3);
                ApplyHandler(settings);
            }
        }
        foreach (var hook in (string[])["postStart", "preStop"])
        {
            ApplyHandler((container["lifecycle"] as JsonObject)?[hook] as JsonObject);
        }
        if (container["resources"] is JsonObject { Count: > 0 } resources && resources["limits"] is JsonObject limits)
        {
            // What is limited but not requested is requested up to its limit.
            var requests = resources.Child("requests");
            foreach (var (name, amount) in limits)
            {
                Defaults.Fill(requests, name, amount!.DeepClone());
            }
        }
    }

    private static void ApplyHandler(JsonObject? handler)
    {
        if (handler?["httpGet"] is JsonObject http)
        {
            Defaults.Fill(http, "path", "/");
            Defaults.Fill(http, "scheme", "HTTP");
        }
        if (handler?["grpc"] is JsonObject grpc)
        {
            Defaults.Fill(grpc, "service", "");
        }
    }

    private static void ApplyVolume(JsonObject volume)
    {
        foreach (var source in (string[])["configMap", "secret", "projected", "downwardAPI"])
        {
            if (volume[source] is JsonObject files)
            {
                Defaults.Fill(files, "defaultMode", VolumeFileMode);
            }
        }
        foreach (var source in volume.At("projected.sources").Objects())
        {
            if (source["serviceAccountToken"] is JsonObject token)
            {
                Defaults.Fill(token, "expirationSeconds", 3600);
            }
            foreach (var item in source.At("downwardAPI.items").Objects())
            {
                if (item["fieldRef"] is JsonObject field)
                {
                    Defaults.Fill(field, "apiVersion", "v1");
                }
            }
        }
        foreach (var item in volume.At("downwardAPI.items").Objects())
        {
            if (item["fieldRef"] is JsonObject field)
            {
                Defaults.Fill(field, "apiVersion", "v1");
            }
        }
        if (volume.Count == 1)
        {
            volume["emptyDir"] = new JsonObject(); // A volume without a source is an empty directory.
        }
        if (volume["hostPath"] is JsonObject host)
        {
            Defaults.Fill(host, "type", "");
        }
    }

    private static bool IsLatest(string image)
    {
        if (image.Contains('@', StringComparison.Ordinal))
        {
            return false;
        }
        var tag = image.LastIndexOf(':');
        return tag <= image.LastIndexOf('/') || image[(tag + 1)..] == "latest";
    }
}
