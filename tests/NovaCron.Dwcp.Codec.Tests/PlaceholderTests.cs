namespace NovaCron.Dwcp.Codec.Tests;
public class PlaceholderTests { [Fact] public void Builds() => Assert.NotNull(typeof(PlaceholderTests).Assembly.FullName); }
