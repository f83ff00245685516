using System.Management.Automation;
using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace NovaCron.Dwcp.Module.Tests;

/// <summary>Writes the module's help (MAML) from the cmdlets and their documentation comments, which are its only source.</summary>
internal static partial class HelpDocument
{
    private static readonly XNamespace Help = "http://msh";
    private static readonly XNamespace Maml = "http://schemas.microsoft.com/maml/2004/10";
    private static readonly XNamespace Command = "http://schemas.microsoft.com/maml/dev/command/2004/10";
    private static readonly XNamespace Dev = "http://schemas.microsoft.com/maml/dev/2004/10";

    /// <summary>Where the help lies in the repository.</summary>
    public static string Path { get; } = System.IO.Path.Combine(ModuleSession.Root, "module", "help", "en-US", "NovaCron.Dwcp.PowerShell.dll-Help.xml");

    public static string Write(IEnumerable<CmdletInfo> cmdlets)
    {
        var comments = XDocument.Load(DocumentationPath()).Descendants("member")
            .ToDictionary(member => (string)member.Attribute("name")!);
        var document = new XElement(Help + "helpItems", new XAttribute("schema", "maml"),
            cmdlets.OrderBy(cmdlet => cmdlet.Name, StringComparer.Ordinal).Select(cmdlet => CommandOf(cmdlet, comments)));
        return "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n" + document.ToString().ReplaceLineEndings("\n") + "\n";
    }

    private static XElement CommandOf(CmdletInfo cmdlet, Dictionary<string, XElement> comments)
    {
        var comment = comments[$"T:{cmdlet.ImplementingType.FullName}"];
        var own = cmdlet.ParameterSets.SelectMany(set => set.Parameters).Where(parameter => !IsCommon(parameter.Name)).DistinctBy(parameter => parameter.Name).ToList();
        return new XElement(Command + "command",
            new XAttribute(XNamespace.Xmlns + "maml", Maml), new XAttribute(XNamespace.Xmlns + "command", Command), new XAttribute(XNamespace.Xmlns + "dev", Dev),
            new XElement(Command + "details",
                new XElement(Command + "name", cmdlet.Name),
                new XElement(Maml + "description", Para(Text(comment.Element("summary")))),
                new XElement(Command + "verb", cmdlet.Verb),
                new XElement(Command + "noun", cmdlet.Noun)),
            new XElement(Maml + "description", Para(Text(comment.Element("summary"))), comment.Element("remarks") is { } remarks ? Para(Text(remarks)) : null),
            new XElement(Command + "syntax", cmdlet.ParameterSets.Select(set => new XElement(Command + "syntaxItem",
                new XElement(Maml + "name", cmdlet.Name),
                set.Parameters.Where(parameter => !IsCommon(parameter.Name)).OrderBy(parameter => parameter.Position < 0 ? int.MaxValue : parameter.Position)
                    .Select(parameter => ParameterOf(cmdlet, parameter, comments))))),
            new XElement(Command + "parameters", own.Select(parameter => ParameterOf(cmdlet, parameter, comments))),
            new XElement(Command + "returnValues", cmdlet.OutputType.Select(type => new XElement(Command + "returnValue",
                new XElement(Dev + "type", new XElement(Maml + "name", type.Name))))),
            new XElement(Command + "examples", comment.Elements("example").Select((example, index) => new XElement(Command + "example",
                new XElement(Maml + "title", $"Example {index + 1}"),
                new XElement(Dev + "code", Text(example.Element("code"))),
                new XElement(Dev + "remarks", Para(Text(example.Element("para"))))))));
    }

    private static XElement ParameterOf(CmdletInfo cmdlet, CommandParameterInfo parameter, Dictionary<string, XElement> comments)
    {
        var pipeline = parameter switch
        {
            { ValueFromPipeline: true } => "true (ByValue)",
            { ValueFromPipelineByPropertyName: true } => "true (ByPropertyName)",
            _ => "false",
        };
        var type = Nullable.GetUnderlyingType(parameter.ParameterType) ?? parameter.ParameterType;
        return new XElement(Command + "parameter",
            new XAttribute("required", parameter.IsMandatory ? "true" : "false"),
            new XAttribute("globbing", parameter.Attributes.Any(attribute => attribute is SupportsWildcardsAttribute) ? "true" : "false"),
            new XAttribute("pipelineInput", pipeline),
            new XAttribute("position", parameter.Position < 0 ? "named" : $"{parameter.Position}"),
            new XElement(Maml + "name", parameter.Name),
            new XElement(Maml + "description", Para(Description(cmdlet.ImplementingType, parameter.Name, comments))),
            type == typeof(SwitchParameter) ? null : new XElement(Command + "parameterValue", new XAttribute("required", "true"), type.Name),
            new XElement(Dev + "type", new XElement(Maml + "name", type.Name)));
    }

    private static string Description(Type cmdlet, string parameter, Dictionary<string, XElement> comments)
    {
        if (parameter is "WhatIf")
            return "Says what would happen and changes nothing.";
        if (parameter is "Confirm")
            return "Asks before anything is changed; -Confirm:$false never asks.";
        var owner = cmdlet.GetProperty(parameter, BindingFlags.Public | BindingFlags.Instance)!.DeclaringType!;
        return Text(comments[$"P:{owner.FullName}.{parameter}"].Element("summary"));
    }

    private static bool IsCommon(string parameter) =>
        Cmdlet.CommonParameters.Contains(parameter);

    private static XElement Para(string text) => new(Maml + "para", text);

    /// <summary>A comment's text on one line; a reference shows the last part of its name.</summary>
    private static string Text(XElement? element)
    {
        if (element is null)
            return "";
        var parts = element.Nodes().Select(node => node switch
        {
            XText text => text.Value,
            XElement reference when reference.Attribute("cref") is { } name => name.Value[(name.Value.LastIndexOf('.') + 1)..],
            XElement inner => inner.Value,
            _ => "",
        });
        return Blanks().Replace(string.Concat(parts), " ").Trim();
    }

    private static string DocumentationPath()
    {
        var configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;
        return System.IO.Path.Combine(ModuleSession.Root, "src", "NovaCron.Dwcp.PowerShell", "bin", configuration, "net8.0", "NovaCron.Dwcp.PowerShell.xml");
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blanks();
}
