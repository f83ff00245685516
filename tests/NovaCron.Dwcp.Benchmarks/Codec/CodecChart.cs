using ScottPlot;

namespace NovaCron.Dwcp.Benchmarks.Codec;

/// <summary>Draws the geometric means: percent saved over speed, speed on a logarithmic axis, one line a family.</summary>
internal static class CodecChart
{
    public static void Save(IReadOnlyList<CodecSummary> summaries, string title, Func<CodecSummary, double> speed, string path)
    {
        using var plot = new Plot();
        foreach (var family in summaries.GroupBy(s => s.Family))
        {
            CodecSummary[] points = [.. family.OrderBy(speed)];
            double[] speeds = [.. points.Select(p => Math.Log10(speed(p)))];
            double[] saved = [.. points.Select(p => p.Saved)];
            var line = plot.Add.Scatter(speeds, saved);
            line.LegendText = family.Key;
            line.LineWidth = family.Key == "dwcp" ? 3 : 1;
            line.MarkerSize = family.Key == "dwcp" ? 9 : 5;
            foreach (CodecSummary point in points)
            {
                var label = plot.Add.Text(point.Codec.Split(' ')[1], Math.Log10(speed(point)), point.Saved);
                label.LabelFontSize = 9;
                label.OffsetX = 4;
                label.OffsetY = -10;
            }
        }

        plot.Title(title);
        plot.XLabel("MB/s");
        plot.YLabel("percent saved (geometric mean)");
        plot.Axes.Bottom.TickGenerator = new ScottPlot.TickGenerators.NumericManual(
            [.. Enumerable.Range(-1, 7).Select(i => (double)i)], [.. Enumerable.Range(-1, 7).Select(i => Math.Pow(10, i).ToString("0.#", System.Globalization.CultureInfo.InvariantCulture))]);
        plot.ShowLegend(Alignment.LowerLeft);
        plot.SaveSvg(path, 900, 560);
    }
}
