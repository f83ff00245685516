using System.Globalization;

namespace NovaCron.Dwcp.Operations.Validation;

/// <summary>From results to a decision. Pure: the same results always decide the same.</summary>
internal static class DecisionMaker
{
    public static IReadOnlyList<CategoryResult> Summarize(IReadOnlyList<CheckResult> checks) =>
    [
        .. CategoryRule.Matrix.Select(rule =>
        {
            var own = checks.Where(c => c.Category == rule.Category).ToList();
            var applicable = own.Where(c => c.Status != CheckStatus.Skipped).Sum(c => c.Weight);
            var passed = own.Where(c => c.Status == CheckStatus.Pass).Sum(c => c.Weight);
            return new CategoryResult(rule.Category, applicable == 0 ? null : 100.0 * passed / applicable, rule.Threshold, rule.Blocking,
                Count(CheckStatus.Pass), Count(CheckStatus.Fail), Count(CheckStatus.Error), Count(CheckStatus.Skipped));

            int Count(CheckStatus status) => own.Count(c => c.Status == status);
        }),
    ];

    /// <param name="checks">All results.</param>
    /// <param name="isPartial">Categories or checks were left out on request: never GO.</param>
    /// <param name="approval">The approval that counts for what is deployed, with the checks that it waives.</param>
    public static (ValidationDecision Decision, string Reason, IReadOnlyList<string> Fixes) Decide(
        IReadOnlyList<CheckResult> checks, bool isPartial, RecordedApproval? approval)
    {
        var notPassed = checks.Where(c => c.Status is CheckStatus.Fail or CheckStatus.Error)
            .OrderByDescending(c => c.Weight).ThenBy(c => c.Status).ThenBy(c => c.Category).ThenBy(c => c.Id, StringComparer.Ordinal).ToList();
        // Checks that stumbled over the same thing need one fix.
        var fixes = notPassed.GroupBy(c => c.Status == CheckStatus.Error ? c.Cause ?? c.Detail : c.Remedy)
            .Select(g => $"{g.First().Id}{(g.Count() > 1 ? string.Create(CultureInfo.InvariantCulture, $" and {g.Count() - 1} more") : "")}: {(g.First().Status == CheckStatus.Error ? g.First().Detail : g.First().Remedy)}")
            .ToList();
        var failed = notPassed.Where(c => c.Status == CheckStatus.Fail).ToList();
        if (failed.Find(c => c.Severity == CheckSeverity.Critical) is { } critical)
            return (ValidationDecision.NoGo, $"critical check {critical.Id} failed: {critical.Detail}", fixes);

        foreach (var rule in CategoryRule.Matrix.Where(r => r.Blocking))
        {
            // What could not be decided gets the benefit of the doubt here; it blocks below.
            var own = checks.Where(c => c.Category == rule.Category && c.Status != CheckStatus.Skipped).ToList();
            var best = own.Count == 0 ? 100 : 100.0 * own.Where(c => c.Status != CheckStatus.Fail).Sum(c => c.Weight) / own.Sum(c => c.Weight);
            if (best < rule.Threshold)
            {
                var worst = failed.First(c => c.Category == rule.Category);
                return (ValidationDecision.NoGo,
                    string.Create(CultureInfo.InvariantCulture, $"{rule.Category} reaches {Math.Floor(best * 10) / 10:0.#} % and needs {rule.Threshold:0} %: {worst.Id}: {worst.Detail}"), fixes);
            }
        }

        var summaries = Summarize(checks);
        foreach (var summary in summaries.Where(s => s.Blocking))
        {
            var undecided = notPassed.Find(c => c.Category == summary.Category && c.Status == CheckStatus.Error);
            if (undecided is not null && (!summary.IsMet || undecided.Severity == CheckSeverity.Critical))
                return (ValidationDecision.Undecided, $"{summary.Category} could not be judged: {undecided.Id}: {undecided.Detail}", fixes);
            if (summary.Percent is null && !isPartial)
                return (ValidationDecision.Undecided, $"{summary.Category} could not be judged: no check was applicable", fixes);
        }

        if (notPassed.Find(c => c.Category == CheckCategory.Performance && c.Status == CheckStatus.Error) is { } unmeasured)
            return (ValidationDecision.NoGo, $"performance was not captured: {unmeasured.Id}: {unmeasured.Detail}", fixes);
        if (!isPartial && summaries.FirstOrDefault(s => s.Category == CheckCategory.Performance) is { Percent: null })
            return (ValidationDecision.NoGo, "performance was not captured: no check was applicable", fixes);

        if (isPartial)
            return (ValidationDecision.Review, "only a part of the checks ran", [.. fixes, "run all checks"]);

        // A small defect within a category's tolerance needs nobody's word. What could not be judged, and what is not small, does.
        var open = notPassed.Where(c =>
            summaries.First(s => s.Category == c.Category) is { IsMet: false } || c.Severity >= CheckSeverity.High || c.Status == CheckStatus.Error).ToList();
        var unwaived = open.Where(c => approval?.Waived.Contains(c.Id) != true).ToList();
        if (unwaived.Count > 0)
        {
            var worst = unwaived[0];
            return (ValidationDecision.Review,
                $"{worst.Id} {(worst.Status == CheckStatus.Error ? "could not be judged" : "is below its target")}: {worst.Detail}{(unwaived.Count > 1 ? $" (and {unwaived.Count - 1} more)" : "")}",
                fixes);
        }

        if (approval is null)
            return (ValidationDecision.Review, "every blocking check passes; an approval is missing", [.. fixes, "approve this report (Approve-DwcpValidation)"]);
        return (ValidationDecision.Go,
            open.Count == 0
                ? $"every blocking check passes; approved by {approval.Approval.ApprovedBy}"
                : $"{approval.Approval.ApprovedBy} waived {string.Join(", ", open.Select(c => c.Id))}: {approval.Approval.Reason}",
            fixes);
    }
}
