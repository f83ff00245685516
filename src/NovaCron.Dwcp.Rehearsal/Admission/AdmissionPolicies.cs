using System.Text.Json.Nodes;
using NovaCron.Dwcp.Rehearsal.Api;
using NovaCron.Dwcp.Rehearsal.Cel;
using NovaCron.Dwcp.Rehearsal.Security;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Admission;

/// <summary>Evaluates the ValidatingAdmissionPolicies that are bound, against each write.</summary>
internal sealed class AdmissionPolicies(ClusterStore store, Authorizer authorizer)
{
    /// <summary>Returns the warnings of policies that only warn.</summary>
    /// <exception cref="ApiStatusException">A policy denies the write.</exception>
    public IReadOnlyList<string> Check(AdmissionRequest request)
    {
        // Policies about policies would let an administrator lock himself out; the real server exempts them as well.
        if (request.Type.Group == ResourceTypes.ValidatingAdmissionPolicies.Group)
        {
            return [];
        }
        var warnings = new List<string>();
        foreach (var binding in store.Snapshot(ResourceTypes.ValidatingAdmissionPolicyBindings).Items)
        {
            var spec = binding.Document["spec"] as JsonObject ?? [];
            var policy = store.Find(ResourceTypes.ValidatingAdmissionPolicies, null, spec.Text("policyName") ?? "");
            if (policy?.Document["spec"] is JsonObject rules && Matches(rules["matchConstraints"] as JsonObject, request)
                && (spec["matchResources"] is not JsonObject narrowed || Matches(narrowed, request)))
            {
                Evaluate(request, policy.Name, rules, binding.Name, spec, warnings);
            }
        }
        return warnings;
    }

    private void Evaluate(AdmissionRequest request, string policy, JsonObject rules, string binding, JsonObject bindingSpec, List<string> warnings)
    {
        var ignoreFailures = rules.Text("failurePolicy") == "Ignore";
        foreach (var parameters in ParametersOf(request, rules, bindingSpec))
        {
            var variables = Variables(request, rules, parameters);
            foreach (var (message, reason) in Violations(rules, variables, ignoreFailures))
            {
                var text = $"ValidatingAdmissionPolicy '{policy}' with binding '{binding}' denied request: {message}";
                var actions = bindingSpec["validationActions"].Texts().ToList();
                if (actions.Contains("Warn"))
                {
                    warnings.Add($"Validation failed for ValidatingAdmissionPolicy '{policy}' with binding '{binding}': {message}");
                }
                if (actions.Contains("Deny"))
                {
                    throw new ApiStatusException(CodeOf(reason), reason, $"{request.Type.QualifiedName} \"{request.Name}\" is forbidden: {text}")
                    {
                        ObjectName = request.Name, Group = request.Type.Group, ObjectKind = request.Type.Plural, Causes = [new("", text, null)],
                    };
                }
            }
        }
    }

    private static IEnumerable<(string Message, string Reason)> Violations(JsonObject rules, Dictionary<string, object?> variables, bool ignoreFailures)
    {
        foreach (var condition in rules["matchConditions"].Objects())
        {
            var (holds, failure) = Holds(condition.Text("expression") ?? "", variables);
            if (failure is not null && !ignoreFailures)
            {
                yield return ($"match condition '{condition.Text("name")}' failed: {failure}", "Invalid");
            }
            if (!holds)
            {
                yield break;
            }
        }
        foreach (var validation in rules["validations"].Objects())
        {
            var expression = validation.Text("expression") ?? "";
            var (holds, failure) = Holds(expression, variables);
            if (holds || (failure is not null && ignoreFailures))
            {
                continue;
            }
            yield return failure is not null
                ? ($"expression '{expression}' resulted in error: {failure}", "Invalid")
                : (Message(validation, expression, variables), validation.Text("reason") ?? "Invalid");
        }
    }

    private static (bool Holds, string? Failure) Holds(string expression, Dictionary<string, object?> variables)
    {
        try
        {
            return (CelProgram.Compile(expression).Holds(variables), null);
        }
        catch (CelException e)
        {
            return (false, e.Message);
        }
    }

    private static string Message(JsonObject validation, string expression, Dictionary<string, object?> variables)
    {
        if (validation.Text("messageExpression") is { } dynamic)
        {
            try
            {
                if (CelProgram.Compile(dynamic).Evaluate(variables) is string { Length: > 0 } text)
                {
                    return text;
                }
            }
            catch (CelException)
            {
                // By specification a broken messageExpression falls back to the fixed message.
            }
        }
        return validation.Text("message") is { Length: > 0 } message ? message : "failed expression: " + expression.Trim();
    }

    private Dictionary<string, object?> Variables(AdmissionRequest request, JsonObject rules, JsonObject? parameters)
    {
        var type = request.Type;
        var variables = new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["object"] = request.Object,
            ["oldObject"] = request.Old,
            ["params"] = parameters,
            ["request"] = new JsonObject
            {
                ["kind"] = new JsonObject { ["group"] = type.Group, ["version"] = type.Version, ["kind"] = type.Kind },
                ["resource"] = new JsonObject { ["group"] = type.Group, ["version"] = type.Version, ["resource"] = type.Plural },
                ["subResource"] = request.Subresource,
                ["requestKind"] = new JsonObject { ["group"] = type.Group, ["version"] = type.Version, ["kind"] = type.Kind },
                ["name"] = request.Name,
                ["namespace"] = request.Namespace,
                ["operation"] = request.Operation,
                ["userInfo"] = ReviewHandler.Describe(request.User),
                ["dryRun"] = request.DryRun,
            },
            ["namespaceObject"] = (Func<object?>)(() => store.Get(ResourceTypes.Namespaces, null, request.Namespace)),
            ["authorizer"] = new CelAuthorizer(authorizer, request.User),
        };
        var composed = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach (var variable in rules["variables"].Objects())
        {
            var expression = variable.Text("expression") ?? "";
            var value = new Lazy<object?>(() => CelProgram.Compile(expression).Evaluate(variables));
            composed[variable.Text("name") ?? ""] = (Func<object?>)(() => value.Value);
        }
        variables["variables"] = composed;
        return variables;
    }

    private IEnumerable<JsonObject?> ParametersOf(AdmissionRequest request, JsonObject rules, JsonObject bindingSpec)
    {
        if (rules["paramKind"] is not JsonObject kind || bindingSpec["paramRef"] is not JsonObject reference)
        {
            return [null];
        }
        var type = store.Types.FindKind(kind.Text("apiVersion") ?? "", kind.Text("kind") ?? "");
        var ns = type?.Namespaced == true ? reference.Text("namespace") ?? request.Namespace : null;
        IReadOnlyList<JsonObject> found = type is null ? []
            : reference.Text("name") is { } name ? store.Get(type, ns, name) is { } one ? [one] : []
            : [.. store.List(type, ns).Where(LabelSelector.Of(reference["selector"] as JsonObject).Matches)];
        return found.Count > 0 ? found : reference.Text("parameterNotFoundAction") == "Allow" ? [] : throw new ApiStatusException(
            422, "Invalid", $"{request.Type.QualifiedName} \"{request.Name}\" is forbidden: no params found for policy binding with `Deny` parameterNotFoundAction");
    }

    private bool Matches(JsonObject? match, AdmissionRequest request)
    {
        if (match is null || !match["resourceRules"].Objects().DefaultIfEmpty([]).Any(r => r.Count == 0 || Covers(r, request))
            || match["excludeResourceRules"].Objects().Any(r => Covers(r, request)))
        {
            return false;
        }
        if (match["namespaceSelector"] is JsonObject { Count: > 0 } namespaces && request.Namespace.Length > 0
            && store.Find(ResourceTypes.Namespaces, null, request.Namespace) is { } ns && !LabelSelector.Of(namespaces).Matches(ns.Document))
        {
            return false;
        }
        return match["objectSelector"] is not JsonObject { Count: > 0 } objects
            || ((JsonObject?[])[request.Object, request.Old]).OfType<JsonObject>().Any(LabelSelector.Of(objects).Matches);
    }

    private static bool Covers(JsonObject rule, AdmissionRequest request)
    {
        var full = request.Subresource.Length == 0 ? request.Type.Plural : $"{request.Type.Plural}/{request.Subresource}";
        var names = rule["resourceNames"].Texts().ToList();
        return Any(rule["operations"], request.Operation) && Any(rule["apiGroups"], request.Type.Group) && Any(rule["apiVersions"], request.Type.Version)
            && rule["resources"].Texts().Any(r => r == full || r == "*/*" || (r == "*" && request.Subresource.Length == 0)
                || r == request.Type.Plural + "/*" || (request.Subresource.Length > 0 && r == "*/" + request.Subresource))
            && (names.Count == 0 || names.Contains(request.Name))
            && rule.Text("scope") switch { "Namespaced" => request.Type.Namespaced, "Cluster" => !request.Type.Namespaced, _ => true };
    }

    private static bool Any(JsonNode? list, string value) => list.Texts().Any(t => t == "*" || t == value);

    private static int CodeOf(string reason) => reason switch
    {
        "Unauthorized" => 401, "Forbidden" => 403, "RequestEntityTooLarge" => 413, _ => 422,
    };
}
