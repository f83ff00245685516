using System.Security.Cryptography;
using NovaCron.Dwcp.Transport.Datagrams;
using Xunit;

namespace NovaCron.Dwcp.Transport.Tests.Datagrams;

/// <summary>The cipher of libcrypto against .NET's, which it replaces where it is there.</summary>
public sealed class PacketCipherTests
{
    private static readonly byte[] Key = RandomNumberGenerator.GetBytes(32);

    [Fact]
    public void Both_ciphers_seal_alike_and_open_what_the_other_sealed()
    {
        using var reference = new PlatformPacketCipher(Key, chaCha: false);
        using var direct = Direct();
        foreach (var size in (int[])[0, 1, 15, 16, 17, 64, 1166, 1438, 8938])
        {
            var (nonce, header, clear) = Datagram(size);
            var (ours, theirs) = (clear.ToArray(), clear.ToArray());
            var (ourTag, theirTag) = (new byte[16], new byte[16]);
            direct.Seal(nonce, ours, ourTag, header);
            reference.Seal(nonce, theirs, theirTag, header);
            Assert.Equal(theirs, ours);
            Assert.Equal(theirTag, ourTag);

            Assert.True(direct.TryOpen(nonce, theirs, theirTag, header));
            Assert.True(reference.TryOpen(nonce, ours, ourTag, header));
            Assert.Equal(clear, theirs);
            Assert.Equal(clear, ours);
        }
    }

    [Fact]
    public void Whatever_was_changed_does_not_open_and_leaves_nothing_to_read()
    {
        using var cipher = Direct();
        var (nonce, header, clear) = Datagram(1438);
        var tag = new byte[16];
        var payload = clear.ToArray();
        cipher.Seal(nonce, payload, tag, header);
        foreach (var part in (byte[][])[payload, tag, header, nonce])
        {
            foreach (var at in (int[])[0, part.Length / 2, part.Length - 1])
            {
                part[at] ^= 4;
                var copy = payload.ToArray();
                Assert.False(cipher.TryOpen(nonce, copy, tag, header));
                Assert.True(copy.AsSpan().IndexOfAnyExcept((byte)0) < 0);
                part[at] ^= 4;
            }
        }

        Assert.False(cipher.TryOpen(nonce, payload.AsSpan(0, 1437).ToArray(), tag, header));
        Assert.True(cipher.TryOpen(nonce, payload, tag, header));
        Assert.Equal(clear, payload);
    }

    [Fact]
    public void Lengths_that_libcrypto_is_not_told_are_checked_before()
    {
        using var cipher = Direct();
        Assert.Throws<ArgumentOutOfRangeException>(() => cipher.Seal(new byte[11], new byte[10], new byte[16], new byte[18]));
        Assert.Throws<ArgumentOutOfRangeException>(() => cipher.Seal(new byte[12], new byte[10], new byte[15], new byte[18]));
        Assert.Throws<ArgumentOutOfRangeException>(() => cipher.TryOpen(new byte[12], new byte[10], new byte[12], new byte[18]));
        cipher.Dispose();
        Assert.Throws<ObjectDisposedException>(() => cipher.Seal(new byte[12], new byte[10], new byte[16], new byte[18]));
    }

    private static IPacketCipher Direct()
    {
        var cipher = OpenSslPacketCipher.TryCreate(Key);
        Assert.SkipWhen(cipher is null, "No libcrypto on this system: .NET's ciphers serve.");
        return cipher!;
    }

    private static (byte[] Nonce, byte[] Header, byte[] Clear) Datagram(int size) =>
        (RandomNumberGenerator.GetBytes(12), RandomNumberGenerator.GetBytes(PacketHeader.Size), RandomNumberGenerator.GetBytes(size));
}
