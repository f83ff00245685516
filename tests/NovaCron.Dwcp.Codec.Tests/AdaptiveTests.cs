using System.Buffers.Binary;
using NovaCron.Dwcp.Codec.Frames;

namespace NovaCron.Dwcp.Codec.Tests;

public sealed class AdaptiveTests
{
    [Fact]
    public void A_slow_output_makes_levels_denser_and_each_block_says_which_it_got()
    {
        byte[] content = SampleData.Make("log", 20 * 4096, 2);
        var time = new ManualTime();
        var archive = new MemoryStream();
        using (var stream = new DwcpStream(new SlowStream(archive, time), new DwcpEncoderOptions { Level = DwcpLevel.Adaptive, BlockLength = 4096, Threads = 1 }, leaveOpen: true, time))
        {
            stream.Write(content);
        }

        List<DwcpLevel> levels = Levels(archive.ToArray());
        Assert.Equal(20, levels.Count);
        Assert.Equal(DwcpLevel.Balanced, levels[0]);
        Assert.Equal(DwcpLevel.Max, levels[^1]);
        Assert.Equal(levels.Order(), levels);
        Assert.Equal(content, DwcpDecoder.Decode(archive.ToArray()));
    }

    [Fact]
    public void A_slow_encoder_makes_levels_lighter_one_step_for_two_blocks_that_agree()
    {
        var time = new ManualTime();
        var controller = new AdaptiveController(time);
        var levels = new List<DwcpLevel>();
        for (int block = 0; block < 6; block++)
        {
            long before = controller.Now();
            time.Advance(100);
            controller.Encoded(before);
            before = controller.Now();
            time.Advance(block == 0 ? 100 : 10);
            controller.Written(before);
            levels.Add(controller.Level);
        }

        Assert.Equal([DwcpLevel.Balanced, DwcpLevel.Balanced, DwcpLevel.Fast, DwcpLevel.Fast, DwcpLevel.Fast, DwcpLevel.Fast], levels);
    }

    [Fact]
    public void With_one_thread_the_time_of_encoding_counts_too()
    {
        // The clock moves whenever it is looked at: encoding and writing then take alike, and nothing changes.
        byte[] content = SampleData.Make("log", 20 * 4096, 2);
        var archive = new MemoryStream();
        using (var stream = new DwcpStream(archive, new DwcpEncoderOptions { Level = DwcpLevel.Adaptive, BlockLength = 4096, Threads = 1 }, leaveOpen: true, new ManualTime { Step = 10 }))
        {
            stream.Write(content);
        }

        Assert.All(Levels(archive.ToArray()), level => Assert.Equal(DwcpLevel.Balanced, level));
    }

    private static List<DwcpLevel> Levels(byte[] frame)
    {
        var levels = new List<DwcpLevel>();
        for (int at = FrameHeader.Size; BinaryPrimitives.ReadInt32LittleEndian(frame.AsSpan(at)) > 0; at += BlockHeader.Size + BinaryPrimitives.ReadInt32LittleEndian(frame.AsSpan(at + 4)))
        {
            levels.Add((DwcpLevel)BinaryPrimitives.ReadUInt32LittleEndian(frame.AsSpan(at + 32)));
        }

        return levels;
    }

    private sealed class ManualTime : TimeProvider
    {
        private long _now;

        public long Step { get; init; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _now += Step;

        public void Advance(long ticks) => _now += ticks;
    }

    private sealed class SlowStream(Stream inner, ManualTime time) : MemoryStream
    {
        public override void Write(byte[] buffer, int offset, int count)
        {
            time.Advance(1000);
            inner.Write(buffer, offset, count);
        }

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            time.Advance(1000);
            inner.Write(buffer);
        }
    }
}
