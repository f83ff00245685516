using System.Globalization;
using System.Text;
using CsCheck;
using NovaCron.Dwcp.Operations.Metrics;

namespace NovaCron.Dwcp.Operations.Tests.Metrics;

public sealed class PrometheusTextTests
{
    [Fact]
    public void Reads_names_labels_escapes_special_values_timestamps_and_exemplars()
    {
        var samples = PrometheusText.Parse(
            """
            # HELP a help
            # TYPE a counter
            a 1
            b{x="1",y="a\"b\\c\nd",} +Inf 1700000000000
            c:d { z = "é" } NaN # {trace="x"} 1.0
              e 1e-3
            # EOF
            """);
        Assert.Equal(["a", "b", "c:d", "e"], samples.Select(sample => sample.Name));
        Assert.Equal("a\"b\\c\nd", samples[1].Label("y"));
        Assert.Null(samples[1].Label("none"));
        Assert.True(double.IsPositiveInfinity(samples[1].Value) && double.IsNaN(samples[2].Value));
        Assert.Equal(0.001, samples[3].Value);
    }

    [Theory]
    [InlineData("a")]
    [InlineData("a x")]
    [InlineData("1a 1")]
    [InlineData("a{ 1")]
    [InlineData("a{x} 1")]
    [InlineData("a{x=\"1} 1")]
    [InlineData("a{x=\"\\q\"} 1")]
    [InlineData("a{x=\"1\" y=\"2\"} 1")]
    [InlineData("a 1 2 3")]
    [InlineData("a 1 x")]
    [InlineData("{x=\"1\"} 1")]
    public void Refuses_malformed_lines(string line) => Assert.Throws<DwcpMetricsException>(() => PrometheusText.Parse("ok 1\n" + line + "\n"));

    [Fact]
    public void Refuses_pages_beyond_its_limits()
    {
        Assert.Throws<DwcpMetricsException>(() => PrometheusText.Parse(new string(' ', PrometheusText.MaximumLength + 1)));
        Assert.Throws<DwcpMetricsException>(() => PrometheusText.Parse(string.Concat(Enumerable.Repeat("a 1\n", PrometheusText.MaximumSamples + 1))));
        Assert.Throws<DwcpMetricsException>(() => PrometheusText.Parse("a{x=\"" + new string('y', 5000) + "\"} 1"));
        Assert.Throws<DwcpMetricsException>(() => PrometheusText.Parse(new string('a', 300) + " 1"));
    }

    [Fact]
    public void Whatever_is_written_is_read_back() =>
        Gen.Select(Gen.String[Gen.Char['a', 'z'], 1, 10], Gen.Dictionary(Gen.String[Gen.Char['a', 'z'], 1, 6], Gen.String)[0, 5], Gen.Double).Sample((name, labels, value) =>
        {
            var text = new StringBuilder(name).Append('{');
            foreach (var (key, content) in labels)
                text.Append(key).Append("=\"").Append(content.Replace("\\", "\\\\").Replace("\"", "\\\"").Replace("\n", "\\n")).Append("\",");
            text.Append("} ").Append(Number(value)).Append('\n');
            var sample = Assert.Single(PrometheusText.Parse(text.ToString()));
            Assert.Equal(name, sample.Name);
            Assert.Equal(value, sample.Value);
            foreach (var (key, content) in labels) Assert.Equal(content, sample.Label(key));
        });

    [Fact]
    public void Garbage_is_refused_and_never_anything_else_happens() =>
        Gen.String[Gen.OneOf(Gen.Char["a{}=\"\\,# \n1.eE+-NaIf"], Gen.Char), 0, 80].Sample(text =>
        {
            try
            {
                PrometheusText.Parse(text);
            }
            catch (DwcpMetricsException)
            {
                // Refusing is the other right answer.
            }
        }, iter: 20_000);

    private static string Number(double value) => value switch
    {
        double.PositiveInfinity => "+Inf",
        double.NegativeInfinity => "-Inf",
        double.NaN => "NaN",
        _ => value.ToString("R", CultureInfo.InvariantCulture),
    };
}
