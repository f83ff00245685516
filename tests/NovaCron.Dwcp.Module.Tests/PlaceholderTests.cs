namespace NovaCron.Dwcp.Module.Tests;
public class PlaceholderTests { [Fact] public void Builds() => Assert.NotNull(typeof(PlaceholderTests).Assembly.FullName); }
