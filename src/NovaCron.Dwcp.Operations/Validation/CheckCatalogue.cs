namespace NovaCron.Dwcp.Operations.Validation;

/// <summary>Every check there is, in the order of reports: by category, then by id.</summary>
public static class CheckCatalogue
{
    /// <summary>Found by reflection: a check that is written is a check that runs.</summary>
    internal static IReadOnlyList<ValidationCheck> Checks { get; } = Discover();

    public static IReadOnlyList<CheckDescription> All { get; } =
        [.. Checks.Select(c => new CheckDescription(c.Id, c.Category, c.Severity, c.Title, c.Remedy, c.Phase))];

    private static List<ValidationCheck> Discover()
    {
        var checks = new List<ValidationCheck>();
        foreach (var type in typeof(CheckCatalogue).Assembly.GetTypes().Where(t => !t.IsAbstract && t.IsSubclassOf(typeof(ValidationCheck))))
        {
            if (type.GetConstructor(Type.EmptyTypes) is not null)
                checks.Add((ValidationCheck)Activator.CreateInstance(type)!);
        }

        checks.AddRange(Validation.Checks.ComponentSelfTestCheck.ForEveryComponent());
        return [.. checks.OrderBy(c => c.Category).ThenBy(c => c.Id, StringComparer.Ordinal)];
    }
}
