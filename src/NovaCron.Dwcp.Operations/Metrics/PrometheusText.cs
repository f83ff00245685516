using System.Globalization;
using System.Text;

namespace NovaCron.Dwcp.Operations.Metrics;

/// <summary>
/// Reads the Prometheus text exposition format 0.0.4 (and the parts of OpenMetrics 1.0 that look the same: <c># EOF</c>, exemplars, timestamps).
/// The text comes from a pod and is not trusted: every dimension is bounded, and the whole page is refused at the first malformed line.
/// Source: https://prometheus.io/docs/instrumenting/exposition_formats/.
/// </summary>
public static class PrometheusText
{
    /// <summary>Longest page, in characters. A node's page is about 30 KiB.</summary>
    public const int MaximumLength = 4 << 20;

    /// <summary>Most samples of one page.</summary>
    public const int MaximumSamples = 50_000;

    private const int MaximumLabels = 32;
    private const int MaximumNameLength = 256;
    private const int MaximumLabelValueLength = 4096;

    /// <summary>All samples whose name satisfies <paramref name="wanted"/>; every line is checked, wanted or not.</summary>
    /// <param name="text">The page.</param>
    /// <param name="wanted">Which names to keep; null keeps all.</param>
    /// <exception cref="DwcpMetricsException">A line is malformed, or the page is larger than the limits.</exception>
    public static IReadOnlyList<MetricSample> Parse(string text, Func<string, bool>? wanted = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.Length > MaximumLength) throw new DwcpMetricsException($"The metrics page has {text.Length} characters; at most {MaximumLength} are read.");
        var samples = new List<MetricSample>();
        var line = 0;
        var rest = text.AsSpan();
        while (!rest.IsEmpty)
        {
            line++;
            var end = rest.IndexOf('\n');
            var current = end < 0 ? rest : rest[..end];
            rest = end < 0 ? [] : rest[(end + 1)..];
            current = current.Trim(" \t\r");
            if (current.IsEmpty || current[0] == '#') continue;
            var sample = new LineReader(current, line).Read();
            if (wanted is not null && !wanted(sample.Name)) continue;
            if (samples.Count == MaximumSamples) throw new DwcpMetricsException($"The metrics page has more than {MaximumSamples} samples.");
            samples.Add(sample);
        }
        return samples;
    }

    private ref struct LineReader(ReadOnlySpan<char> text, int line)
    {
        private readonly ReadOnlySpan<char> _text = text;
        private int _at;

        public MetricSample Read()
        {
            var name = ReadName(allowColon: true);
            SkipBlanks();
            var labels = Peek() == '{' ? ReadLabels() : [];
            SkipBlanks();
            var value = ReadValue();
            SkipBlanks();
            if (_at < _text.Length && _text[_at] != '#') ReadTimestamp();
            return new MetricSample(name, labels, value);
        }

        private readonly char Peek() => _at < _text.Length ? _text[_at] : '\0';

        private void SkipBlanks()
        {
            while (_at < _text.Length && _text[_at] is ' ' or '\t') _at++;
        }

        private string ReadName(bool allowColon)
        {
            var start = _at;
            while (_at < _text.Length && (char.IsAsciiLetter(_text[_at]) || _text[_at] == '_' || (allowColon && _text[_at] == ':')
                                          || (_at > start && char.IsAsciiDigit(_text[_at]))))
                _at++;
            if (_at == start) throw Malformed("a name was expected");
            if (_at - start > MaximumNameLength) throw Malformed($"a name is longer than {MaximumNameLength} characters");
            return _text[start.._at].ToString();
        }

        private List<KeyValuePair<string, string>> ReadLabels()
        {
            var labels = new List<KeyValuePair<string, string>>();
            _at++;
            while (true)
            {
                SkipBlanks();
                if (Peek() == '}')
                {
                    _at++;
                    return labels;
                }
                if (labels.Count == MaximumLabels) throw Malformed($"there are more than {MaximumLabels} labels");
                var name = ReadName(allowColon: false);
                SkipBlanks();
                if (Peek() != '=') throw Malformed("'=' was expected");
                _at++;
                SkipBlanks();
                labels.Add(new(name, ReadLabelValue()));
                SkipBlanks();
                if (Peek() == ',') _at++;
                else if (Peek() != '}') throw Malformed("',' or '}' was expected");
            }
        }

        private string ReadLabelValue()
        {
            if (Peek() != '"') throw Malformed("a quoted label value was expected");
            _at++;
            var value = new StringBuilder();
            while (_at < _text.Length)
            {
                var c = _text[_at++];
                if (c == '"') return value.ToString();
                if (c == '\\')
                {
                    c = Peek() switch
                    {
                        'n' => '\n',
                        '"' => '"',
                        '\\' => '\\',
                        _ => throw Malformed("an unknown escape in a label value"),
                    };
                    _at++;
                }
                if (value.Length == MaximumLabelValueLength) throw Malformed($"a label value is longer than {MaximumLabelValueLength} characters");
                value.Append(c);
            }
            throw Malformed("a label value does not end");
        }

        private double ReadValue()
        {
            var token = ReadToken();
            if (token is "+Inf" or "Inf" or "inf") return double.PositiveInfinity;
            if (token is "-Inf" or "-inf") return double.NegativeInfinity;
            if (token is "NaN" or "nan") return double.NaN;
            return double.TryParse(token, NumberStyles.Float & ~(NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite), CultureInfo.InvariantCulture, out var value)
                ? value
                : throw Malformed("the value is not a number");
        }

        private void ReadTimestamp()
        {
            if (!double.TryParse(ReadToken(), NumberStyles.Float, CultureInfo.InvariantCulture, out _)) throw Malformed("the timestamp is not a number");
            SkipBlanks();
            if (_at < _text.Length && _text[_at] != '#') throw Malformed("something follows the timestamp");
        }

        private ReadOnlySpan<char> ReadToken()
        {
            var start = _at;
            while (_at < _text.Length && _text[_at] is not (' ' or '\t')) _at++;
            return _text[start.._at];
        }

        private readonly DwcpMetricsException Malformed(string what) => new($"Line {line} of the metrics page is malformed: {what} at column {_at + 1}.");
    }
}
