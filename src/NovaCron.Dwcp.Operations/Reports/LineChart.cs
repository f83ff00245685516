using System.Globalization;
using System.Net;
using System.Text;

namespace NovaCron.Dwcp.Operations.Reports;

/// <summary>A line chart over time as inline SVG: no script, no font, no network.</summary>
/// <param name="Title">What is shown.</param>
/// <param name="Unit">Unit of the values.</param>
/// <param name="Lines">One to four lines.</param>
/// <param name="Limit">A horizontal line at the limit, if there is one.</param>
/// <param name="Mark">A vertical line at a moment, for example the rollback.</param>
public sealed record LineChart(string Title, string Unit, IReadOnlyList<ChartLine> Lines, double? Limit = null, DateTimeOffset? Mark = null)
{
    private const double Width = 960;
    private const double Height = 240;
    private const double Left = 60;
    private const double Right = 12;
    private const double Top = 28;
    private const double Bottom = 28;

    /// <summary>Distinguishable without colour vision, on white and on black (Okabe and Ito).</summary>
    private static readonly string[] Colours = ["#d55e00", "#0072b2", "#009e73", "#cc79a7"];

    /// <summary>Title and range of every line, for those who cannot see the chart.</summary>
    public string Summary
    {
        get
        {
            var parts = Lines.Select(line =>
            {
                var values = line.Points.Where(point => point.Value is not null).Select(point => point.Value!.Value).ToList();
                return values.Count == 0 ? $"{line.Name}: no data" : Text($"{line.Name}: {values.Min():0.##} to {values.Max():0.##} {Unit}");
            });
            return $"{Title}. {string.Join("; ", parts)}.";
        }
    }

    public string ToSvg()
    {
        var times = Lines.SelectMany(line => line.Points).Select(point => point.Time).ToList();
        if (Mark is { } moment) times.Add(moment);
        var svg = new StringBuilder(Text($"<svg viewBox=\"0 0 {Width} {Height}\" role=\"img\" aria-label=\"{WebUtility.HtmlEncode(Summary)}\">"));
        svg.Append(Text($"<text x=\"{Left}\" y=\"16\" font-size=\"14\" fill=\"currentColor\">{WebUtility.HtmlEncode(Title)} ({WebUtility.HtmlEncode(Unit)})</text>"));
        if (times.Count > 1)
        {
            var (first, last) = (times.Min(), times.Max());
            var span = Math.Max(1, (last - first).TotalSeconds);
            var top = NiceCeiling(Math.Max(Limit ?? 0, Lines.SelectMany(line => line.Points).Max(point => point.Value) ?? 0));
            double X(DateTimeOffset time) => Left + (Width - Left - Right) * (time - first).TotalSeconds / span;
            double Y(double value) => Height - Bottom - (Height - Top - Bottom) * Math.Clamp(value / top, 0, 1);
            for (var i = 0; i <= 4; i++)
            {
                var y = Y(top * i / 4);
                svg.Append(Text($"<line x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{y:0.0}\" y2=\"{y:0.0}\" stroke=\"currentColor\" stroke-opacity=\".15\"/>"));
                svg.Append(Text($"<text x=\"{Left - 6}\" y=\"{y + 4:0.0}\" font-size=\"11\" text-anchor=\"end\" fill=\"currentColor\">{top * i / 4:0.###}</text>"));
            }
            svg.Append(Text($"<text x=\"{Left}\" y=\"{Height - 8}\" font-size=\"11\" fill=\"currentColor\">{first.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC</text>"));
            svg.Append(Text($"<text x=\"{Width - Right}\" y=\"{Height - 8}\" font-size=\"11\" text-anchor=\"end\" fill=\"currentColor\">{last.UtcDateTime:HH:mm:ss}</text>"));
            if (Limit is { } limit)
                svg.Append(Text($"<line x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{Y(limit):0.0}\" y2=\"{Y(limit):0.0}\" stroke=\"currentColor\" stroke-dasharray=\"6 4\" stroke-opacity=\".6\"/>"));
            if (Mark is { } mark)
                svg.Append(Text($"<line x1=\"{X(mark):0.0}\" x2=\"{X(mark):0.0}\" y1=\"{Top}\" y2=\"{Height - Bottom}\" stroke=\"currentColor\" stroke-dasharray=\"2 3\"/><text x=\"{X(mark) - 4:0.0}\" y=\"{Top + 10}\" font-size=\"11\" text-anchor=\"end\" fill=\"currentColor\">rollback</text>"));
            for (var i = 0; i < Lines.Count; i++)
            {
                var colour = Colours[i % Colours.Length];
                foreach (var piece in Pieces(Lines[i]))
                    svg.Append(Text($"<polyline fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\" points=\"")).AppendJoin(' ', piece.Select(point => Text($"{X(point.Time):0.0},{Y(point.Value):0.0}"))).Append("\"/>");
                svg.Append(Text($"<text x=\"{Width - Right - 90 * (Lines.Count - i - 1)}\" y=\"16\" font-size=\"12\" text-anchor=\"end\" fill=\"{colour}\">{WebUtility.HtmlEncode(Lines[i].Name)}</text>"));
            }
        }
        else
        {
            svg.Append(Text($"<text x=\"{Width / 2}\" y=\"{Height / 2}\" text-anchor=\"middle\" fill=\"currentColor\">no data</text>"));
        }
        return svg.Append("</svg>").ToString();
    }

    /// <summary>The runs of known values; a single point is drawn as a short line.</summary>
    private static IEnumerable<List<(DateTimeOffset Time, double Value)>> Pieces(ChartLine line)
    {
        var piece = new List<(DateTimeOffset, double)>();
        foreach (var (time, value) in line.Points)
        {
            if (value is { } known)
            {
                piece.Add((time, known));
                continue;
            }
            if (piece.Count > 0) yield return Visible(piece);
            piece = [];
        }
        if (piece.Count > 0) yield return Visible(piece);

        static List<(DateTimeOffset, double)> Visible(List<(DateTimeOffset Time, double Value)> piece) =>
            piece.Count > 1 ? piece : [piece[0], (piece[0].Time.AddMilliseconds(500), piece[0].Value)];
    }

    /// <summary>The next of 1, 2, 2.5, 5 times a power of ten.</summary>
    internal static double NiceCeiling(double value)
    {
        if (!(value > 0)) return 1;
        var power = Math.Pow(10, Math.Floor(Math.Log10(value)));
        foreach (var step in (ReadOnlySpan<double>)[1, 2, 2.5, 5, 10])
            if (value <= step * power * (1 + 1e-9)) return step * power;
        return 10 * power;
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
