namespace NovaCron.Dwcp.V1.Tests;
public class PlaceholderTests { [Fact] public void Builds() => Assert.NotNull(typeof(PlaceholderTests).Assembly.FullName); }
