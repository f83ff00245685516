namespace NovaCron.Dwcp.Node.Tests;
public class PlaceholderTests { [Fact] public void Builds() => Assert.NotNull(typeof(PlaceholderTests).Assembly.FullName); }
