using System.Text.Json.Nodes;
using NovaCron.Dwcp.Rehearsal.Cel;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Validation;

/// <summary>Rules for ValidatingAdmissionPolicies and their bindings.</summary>
internal static class PolicyValidator
{
    public static void CheckPolicy(JsonObject spec, FieldErrors errors)
    {
        PodValidator.Supported(spec, "spec", "failurePolicy", ["Fail", "Ignore"], errors);
        if (spec["matchConstraints"] is not JsonObject match)
        {
            errors.Required("spec.matchConstraints");
        }
        else if (!match["resourceRules"].Objects().Any())
        {
            errors.Required("spec.matchConstraints.resourceRules");
        }
        if (!spec["validations"].Objects().Any() && !spec["auditAnnotations"].Objects().Any())
        {
            errors.Required("spec.validations", "validations or auditAnnotations must contain at least one item");
        }
        foreach (var list in (string[])["validations", "variables", "matchConditions"])
        {
            foreach (var (item, at) in PodValidator.Indexed(spec[list], "spec." + list))
            {
                CheckExpression(item.Text("expression"), at + ".expression", errors);
                if (item.Text("messageExpression") is { } message)
                {
                    CheckExpression(message, at + ".messageExpression", errors);
                }
            }
        }
    }

    public static void CheckBinding(JsonObject spec, FieldErrors errors)
    {
        if (string.IsNullOrEmpty(spec.Text("policyName")))
        {
            errors.Required("spec.policyName");
        }
        if (!spec["validationActions"].Texts().Any())
        {
            errors.Required("spec.validationActions");
        }
        foreach (var action in spec["validationActions"].Texts().Where(static a => a is not ("Deny" or "Warn" or "Audit")))
        {
            errors.NotSupported("spec.validationActions", action, ["Audit", "Deny", "Warn"]);
        }
    }

    public static void CheckExpression(string? expression, string at, FieldErrors errors)
    {
        if (string.IsNullOrWhiteSpace(expression))
        {
            errors.Required(at, "expression is not specified");
            return;
        }
        try
        {
            CelProgram.Compile(expression);
        }
        catch (CelException e)
        {
            errors.Invalid(at, expression, "compilation failed: ERROR: <input>: " + e.Message);
        }
    }
}
