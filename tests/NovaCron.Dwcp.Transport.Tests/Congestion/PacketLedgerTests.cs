using CsCheck;
using NovaCron.Dwcp.Transport.Congestion;

namespace NovaCron.Dwcp.Transport.Tests.Congestion;

public class PacketLedgerTests
{
    private const long Millisecond = 1_000_000;

    private readonly PacketLedger _ledger = new();
    private readonly List<long> _acknowledged = [];
    private readonly List<long> _lost = [];

    [Fact]
    public void A_gap_of_three_packets_is_a_loss_and_two_are_not()
    {
        for (var i = 0; i < 5; i++) _ledger.OnSent(i, 1000);
        Acknowledge(100 * Millisecond, (1, 2));
        Assert.Empty(_lost);
        Acknowledge(100 * Millisecond, (1, 3));
        Assert.Equal([0], _lost);
        Assert.Equal(1000, _ledger.InFlight);
        Assert.Equal(1000, _ledger.Lost);
    }

    [Fact]
    public void A_packet_that_is_only_late_is_a_loss_after_the_reordering_window()
    {
        for (var i = 0; i < 3; i++) _ledger.OnSent(i, 1000);
        Acknowledge(100 * Millisecond, (1, 2));
        Assert.Empty(_lost);
        Assert.InRange(_ledger.LossTime, 120 * Millisecond, 130 * Millisecond);
        Assert.Equal(0, _ledger.DetectLoss(110 * Millisecond, _lost));
        Assert.Equal(1000, _ledger.DetectLoss(_ledger.LossTime, _lost));
        Assert.Equal([0], _lost);
    }

    [Fact]
    public void A_loss_that_proves_spurious_is_taken_back_and_reordering_is_allowed_for()
    {
        for (var i = 0; i < 5; i++) _ledger.OnSent(i, 1000);
        Acknowledge(100 * Millisecond, (1, 4));
        Assert.Equal([0], _lost);
        Acknowledge(101 * Millisecond, (0, 0));
        Assert.Equal(0, _ledger.Lost);
        Assert.Equal(5000, _ledger.Delivered);
        for (var i = 5; i < 10; i++) _ledger.OnSent((110 * Millisecond) + i, 1000);
        Acknowledge(210 * Millisecond, (6, 9));
        Assert.Empty(_lost);
    }

    [Theory]
    [InlineData(0, 5)]
    [InlineData(7, 7)]
    [InlineData(-2, -1)]
    [InlineData(3, 2)]
    public void A_number_that_was_never_sent_cannot_be_acknowledged(long first, long last)
    {
        for (var i = 0; i < 5; i++) _ledger.OnSent(i, 1000);
        Assert.Throws<DwcpProtocolException>(() => Acknowledge(Millisecond, (first, last)));
    }

    [Fact]
    public void The_delivery_rate_is_what_the_path_carried_not_how_acknowledgements_came()
    {
        // Ten packets a millisecond apart; their acknowledgements come all at once, half a second later.
        for (var i = 0; i < 10; i++) _ledger.OnSent(i * Millisecond, 1000);
        Acknowledge(500 * Millisecond, (0, 9), out var sample);
        Assert.Equal(10_000 / 0.5, sample.DeliveryRate, 1.0);
    }

    [Fact]
    public void Bytes_in_flight_are_what_was_sent_and_neither_acknowledged_nor_lost()
    {
        Gen.Select(Gen.Int[0, 2], Gen.Int[1, 20], Gen.Int[0, 30]).List[1, 200].Sample(
            steps =>
            {
                var ledger = new PacketLedger();
                var acknowledged = new List<long>();
                var lost = new List<long>();
                var now = 0L;
                foreach (var (kind, count, offset) in steps)
                {
                    now += Millisecond;
                    if (kind == 0 || ledger.NextNumber == 0)
                    {
                        for (var i = 0; i < count; i++) ledger.OnSent(now, 100);
                        continue;
                    }

                    var last = Math.Max(0, ledger.NextNumber - 1 - offset);
                    var range = new PacketRange(Math.Max(0, last - count), last);
                    if (kind == 1) ledger.OnAcknowledged(now, [range], 0, false, acknowledged, lost, out _);
                    else ledger.DetectLoss(now, lost);
                }

                Assert.Equal(ledger.NextNumber * 100, ledger.InFlight + ledger.Delivered + ledger.Lost);
                Assert.Equal(acknowledged.Count, acknowledged.Distinct().Count());
            },
            iter: 300);
    }

    private void Acknowledge(long now, (long First, long Last) range) => Acknowledge(now, range, out _);

    private void Acknowledge(long now, (long First, long Last) range, out AckSample sample)
    {
        _acknowledged.Clear();
        _lost.Clear();
        _ledger.OnAcknowledged(now, [new PacketRange(range.First, range.Last)], 0, false, _acknowledged, _lost, out sample);
    }
}
