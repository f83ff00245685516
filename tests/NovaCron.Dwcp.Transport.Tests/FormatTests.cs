using CsCheck;
using NovaCron.Dwcp.Codec;
using NovaCron.Dwcp.Codec.Dictionary.Chunking;
using NovaCron.Dwcp.Transport.Objects;
using NovaCron.Dwcp.Transport.Protocol;
using NovaCron.Dwcp.Transport.Transfers;

namespace NovaCron.Dwcp.Transport.Tests;

public sealed class FormatTests
{
    [Fact]
    public void Every_number_survives_as_a_varint_and_a_longer_form_is_refused()
    {
        Gen.ULong.Sample(value =>
        {
            using var writer = new WireWriter();
            writer.Varint(value).ZigZag((long)value);
            var reader = new WireReader(writer.Written);
            return reader.Varint() == value && reader.ZigZag() == (long)value && reader.AtEnd;
        });
        Assert.Throws<DwcpProtocolException>(() => new WireReader([0x80, 0x00]).Varint());
        Assert.Throws<DwcpProtocolException>(() => new WireReader([0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x02]).Varint());
        Assert.Throws<DwcpProtocolException>(() => new WireReader([0x80]).Varint());
    }

    [Fact]
    public void Any_bytes_parse_as_records_or_throw_the_protocols_own_exception()
    {
        Gen.Byte.Array[0, 200].Sample(bytes =>
        {
            try
            {
                var reader = new WireReader(bytes);
                while (!reader.AtEnd) ManifestRecord.Read(ref reader);
            }
            catch (DwcpProtocolException)
            {
                return true;
            }

            return true;
        });
    }

    [Fact]
    public async Task Any_bytes_are_frames_or_throw_the_protocols_own_exceptions()
    {
        var random = new Random(20260103);
        for (var round = 0; round < 2000; round++)
        {
            var bytes = new byte[random.Next(0, 300)];
            random.NextBytes(bytes);
            if (round % 2 == 0 && bytes.Length > 3) bytes[2] = (byte)random.Next(0, 100);
            await using var channel = new FrameChannel(new MemoryStream(bytes));
            try
            {
                while (await channel.ReadAsync(default) is { } frame) frame.Dispose();
            }
            catch (DwcpTransferException e)
            {
                Assert.True(e is DwcpProtocolException || e.Code == DwcpErrorCode.ConnectionFailed);
            }
        }
    }

    [Fact]
    public void A_run_of_equal_leaves_has_the_root_of_its_leaves()
    {
        Gen.Select(Gen.Int[0, 40], Gen.Int[0, 200], Gen.Int[0, 40]).Sample((before, run, after) =>
        {
            var (one, other) = (new MerkleTree(), new MerkleTree());
            for (var i = 0; i < before; i++) Both(t => t.Add(ContentHash.Of([(byte)i])));
            one.AddRun(ContentHash.Of([99]), run);
            for (var i = 0; i < run; i++) other.Add(ContentHash.Of([99]));
            for (var i = 0; i < after; i++) Both(t => t.Add(ContentHash.Of([(byte)i, 1])));
            return one.Root() == other.Root() && one.Count == other.Count;

            void Both(Action<MerkleTree> add)
            {
                add(one);
                add(other);
            }
        });
    }

    [Fact]
    public void The_tree_has_the_shape_of_rfc_6962()
    {
        ContentHash[] leaves = [.. Enumerable.Range(0, 21).Select(i => ContentHash.Of([(byte)i]))];
        for (var count = 1; count <= leaves.Length; count++)
        {
            var tree = new MerkleTree();
            foreach (var leaf in leaves[..count]) tree.Add(leaf);
            Assert.Equal(Reference(leaves[..count]), tree.Root());
        }

        static ContentHash Reference(ReadOnlySpan<ContentHash> leaves)
        {
            if (leaves.Length == 1) return leaves[0];
            var split = 1;
            while (split * 2 < leaves.Length) split *= 2;
            var input = new byte[65];
            input[0] = 1;
            Reference(leaves[..split]).CopyTo(input.AsSpan(1));
            Reference(leaves[split..]).CopyTo(input.AsSpan(33));
            return ContentHash.Of(input);
        }
    }

    [Fact]
    public void Zeros_are_cut_at_the_maximum_only()
    {
        // ChunkingSource skips the search in zeros; that is right only while their hash is no boundary.
        Assert.Equal(FastCdc.DefaultMaximum, FastCdc.Default.Cut(new byte[FastCdc.DefaultMaximum * 2]));
        Assert.Equal(100_000, FastCdc.Default.Cut(new byte[100_000]));
    }

    [Fact]
    public void Chunks_do_not_depend_on_where_a_stream_was_cut_into_slabs()
    {
        // 9 MB in one file: three slabs; the same bytes from memory: none.
        using var folder = new TestFolder();
        var bytes = TestFolder.Noise(9_000_000, 4);
        bytes.AsSpan(3_900_000, 1_000_000).Clear();
        var path = folder.Write("f", bytes);
        var fromMemory = HashOf(TransferSource.FromMemory(bytes, File.GetLastWriteTimeUtc(path)));
        var fromFile = ChunksOf(TransferSource.FromPaths(path));
        Assert.Equal(ChunksOf(TransferSource.FromMemory(bytes)), fromFile);
        Assert.NotEqual(default, fromMemory);

        static ContentHash HashOf(TransferSource source)
        {
            var chunking = new Exchange.ChunkingSource(SourceEntries.Of(source));
            foreach (var draft in chunking.ReadSegments(default)) draft.Dispose();
            return chunking.Hasher.Root();
        }

        static List<(ContentHash, int)> ChunksOf(TransferSource source)
        {
            var chunks = new List<(ContentHash, int)>();
            foreach (var draft in new Exchange.ChunkingSource(SourceEntries.Of(source)).ReadSegments(default))
            {
                chunks.AddRange(draft.Chunks);
                draft.Dispose();
            }

            return chunks;
        }
    }

    [Fact]
    public void Paths_that_are_accepted_stay_below_their_root_on_every_system()
    {
        string[] special = ["..", ".", "aux", "COM1.txt", "nul ", "x.", "\u00E9", "a b"];
        var component = Gen.OneOf(Gen.String[Gen.Char["ab./\\:\0 ~CONcon1"], 0, 6], Gen.Int[0, special.Length - 1].Select(i => special[i]));
        component.Array[0, 6].Select(parts => string.Join('/', parts)).Sample(text =>
        {
            if (!RelativePath.TryParse(text, out var path, out var problem)) return problem.Length > 0;
            if (path.IsRoot) return text.Length == 0;
            var full = Path.GetFullPath(Path.Combine("/root-of-test", path.Text));
            return full.StartsWith("/root-of-test/", StringComparison.Ordinal) && full.Length == "/root-of-test/".Length + text.Length
                && !text.Contains('\\') && !text.Split('/').Any(c => c is "" or "." or ".." || c[^1] is '.' or ' ' || c.Equals("con", StringComparison.OrdinalIgnoreCase));
        });
    }

    [Theory]
    [InlineData("con")]
    [InlineData("Lpt9.tar.gz")]
    [InlineData("a/NUL/b")]
    [InlineData("a//b")]
    [InlineData("a/")]
    [InlineData("x\u0001")]
    public void Names_that_some_system_cannot_hold_are_refused(string text) => Assert.False(RelativePath.TryParse(text, out _, out _));

    [Theory]
    [InlineData("dwcp://h/a/b", "h", 7420, "a/b")]
    [InlineData("dwcp://h:1/a%20b", "h", 1, "a b")]
    [InlineData("dwcp://[::1]:9/x/", "::1", 9, "x")]
    [InlineData("dwcp://h", "h", 7420, "")]
    public void Addresses_are_read(string text, string host, int port, string path)
    {
        var address = NodeAddress.From(new Uri(text));
        Assert.Equal((host, port, path), (address.Host.Trim('[', ']'), address.Port, address.Path.Text));
    }

    [Theory]
    [InlineData("http://h/a")]
    [InlineData("dwcp://user:secret@h/a")]
    [InlineData("dwcp://h/a%2F..%2Fb")]
    [InlineData("dwcp://h/a?b")]
    public void Other_addresses_are_refused_without_showing_a_password(string text)
    {
        var e = Assert.ThrowsAny<DwcpTransferException>(() => NodeAddress.From(new Uri(text)));
        Assert.DoesNotContain("secret", e.Message);
    }

    [Fact]
    public void A_histogram_finds_its_quantiles_within_an_eighth()
    {
        var histogram = new LatencyHistogram();
        for (var i = 1; i <= 1000; i++) histogram.Record(TimeSpan.FromMicroseconds(i * 100));
        Assert.InRange(histogram.Quantile(0.5)!.Value.TotalMicroseconds, 50_000, 50_000 * 1.13);
        Assert.InRange(histogram.Quantile(0.99)!.Value.TotalMicroseconds, 99_000, 99_000 * 1.13);
        Assert.Null(new LatencyHistogram().Quantile(0.5));
    }

    [Fact]
    public void A_block_of_zeros_is_one_byte_on_the_wire()
    {
        var encoded = new byte[BlockCodec.MaxEncodedLength(1000)];
        Assert.Equal(1, BlockCodec.Encode(new byte[1000], encoded, DwcpLevel.Store));
    }
}
