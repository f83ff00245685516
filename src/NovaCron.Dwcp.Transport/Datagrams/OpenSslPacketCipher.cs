using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace NovaCron.Dwcp.Transport.Datagrams;

/// <summary>
/// AES-256-GCM of the system's libcrypto, with one context for each direction whose key is scheduled once: a datagram costs five short calls without a marshaller. .NET's
/// <see cref="AesGcm"/> makes as many through wrappers that clear OpenSSL's error queue in each, and doubles what the cipher itself costs on 1.4 KB.
/// </summary>
internal sealed unsafe class OpenSslPacketCipher : IPacketCipher
{
    private const int KeySize = 32;
    private const int GetTag = 0x10; // EVP_CTRL_AEAD_GET_TAG
    private const int SetTag = 0x11; // EVP_CTRL_AEAD_SET_TAG

    private static readonly Library? Crypto = Library.Load();

    private nint _seal;
    private nint _open;

    private OpenSslPacketCipher(nint seal, nint open)
    {
        _seal = seal;
        _open = open;
    }

    /// <summary>Contexts hold keys: freed (and wiped by libcrypto) also when nobody disposes.</summary>
    ~OpenSslPacketCipher() => Free();

    /// <summary>Makes a cipher, or null where libcrypto is not there or has no AES-256-GCM for us.</summary>
    /// <param name="key">32 bytes; copied.</param>
    public static OpenSslPacketCipher? TryCreate(ReadOnlySpan<byte> key)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(key.Length, KeySize, nameof(key));
        if (Crypto is null) return null;
        var seal = Crypto.Context(key, seals: true);
        var open = Crypto.Context(key, seals: false);
        if (seal != 0 && open != 0) return new OpenSslPacketCipher(seal, open);
        if (seal != 0) Crypto.Free(seal);
        if (open != 0) Crypto.Free(open);
        return null;
    }

    public void Seal(ReadOnlySpan<byte> nonce, Span<byte> payload, Span<byte> tag, ReadOnlySpan<byte> associated)
    {
        Check(nonce, tag);
        int length;
        bool done;
        fixed (byte* iv = nonce, data = payload, mac = tag, header = associated)
        {
            done = Crypto!.Init(_seal, 0, 0, null, iv, -1) == 1
                && Crypto.Associate(_seal, null, &length, header, associated.Length) == 1
                && (payload.IsEmpty || Crypto.Update(_seal, data, &length, data, payload.Length) == 1)
                && Crypto.Final(_seal, mac, &length) == 1
                && Crypto.Control(_seal, GetTag, PacketProtection.TagSize, mac) == 1;
        }

        GC.KeepAlive(this);
        if (!done) throw Failed();
    }

    public bool TryOpen(ReadOnlySpan<byte> nonce, Span<byte> payload, ReadOnlySpan<byte> tag, ReadOnlySpan<byte> associated)
    {
        Check(nonce, tag);
        int length;
        bool prepared;
        var opened = false;
        fixed (byte* iv = nonce, data = payload, mac = tag, header = associated)
        {
            prepared = Crypto!.Init(_open, 0, 0, null, iv, -1) == 1
                && Crypto.Associate(_open, null, &length, header, associated.Length) == 1
                && (payload.IsEmpty || Crypto.Update(_open, data, &length, data, payload.Length) == 1)
                && Crypto.Control(_open, SetTag, PacketProtection.TagSize, mac) == 1;
            // Where Final writes (nothing, in this mode) must not be null.
            byte none;
            if (prepared) opened = Crypto.Final(_open, &none, &length) == 1;
        }

        GC.KeepAlive(this);
        if (opened) return true;
        // Never leave bytes that nobody vouches for.
        payload.Clear();
        Crypto.ClearErrors();
        return prepared ? false : throw Failed();
    }

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Check(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> tag)
    {
        ObjectDisposedException.ThrowIf(_seal == 0, this);
        // libcrypto is told no lengths of these two.
        ArgumentOutOfRangeException.ThrowIfNotEqual(nonce.Length, PacketProtection.NonceSize, nameof(nonce));
        ArgumentOutOfRangeException.ThrowIfNotEqual(tag.Length, PacketProtection.TagSize, nameof(tag));
    }

    private void Free()
    {
        if (_seal != 0) Crypto!.Free(_seal);
        if (_open != 0) Crypto!.Free(_open);
        _seal = _open = 0;
    }

    private static CryptographicException Failed()
    {
        Crypto!.ClearErrors();
        return new CryptographicException("libcrypto refused to seal or open a datagram with AES-256-GCM.");
    }

    /// <summary>The functions of libcrypto 1.1 and 3 that are used, whose signatures are the same in both.</summary>
    private sealed class Library
    {
        // Those behind which less than a microsecond of work lies do not announce themselves to the garbage collector.
        public readonly delegate* unmanaged[SuppressGCTransition]<nint, nint, nint, byte*, byte*, int, int> Init;
        public readonly delegate* unmanaged[SuppressGCTransition]<nint, byte*, int*, byte*, int, int> Associate;
        public readonly delegate* unmanaged<nint, byte*, int*, byte*, int, int> Update;
        public readonly delegate* unmanaged[SuppressGCTransition]<nint, byte*, int*, int> Final;
        private readonly delegate* unmanaged[SuppressGCTransition]<nint, int, int, void*, int> _control;
        private readonly delegate* unmanaged<nint, nint, nint, byte*, byte*, int, int> _setKey;
        private readonly delegate* unmanaged<nint> _newContext;
        private readonly delegate* unmanaged<nint, void> _freeContext;
        private readonly delegate* unmanaged<nint> _aes;
        private readonly delegate* unmanaged<void> _clearErrors;

        private Library(nint library)
        {
            var init = NativeLibrary.GetExport(library, "EVP_CipherInit_ex");
            var update = NativeLibrary.GetExport(library, "EVP_CipherUpdate");
            Init = (delegate* unmanaged[SuppressGCTransition]<nint, nint, nint, byte*, byte*, int, int>)init;
            _setKey = (delegate* unmanaged<nint, nint, nint, byte*, byte*, int, int>)init;
            Associate = (delegate* unmanaged[SuppressGCTransition]<nint, byte*, int*, byte*, int, int>)update;
            Update = (delegate* unmanaged<nint, byte*, int*, byte*, int, int>)update;
            Final = (delegate* unmanaged[SuppressGCTransition]<nint, byte*, int*, int>)NativeLibrary.GetExport(library, "EVP_CipherFinal_ex");
            _control = (delegate* unmanaged[SuppressGCTransition]<nint, int, int, void*, int>)NativeLibrary.GetExport(library, "EVP_CIPHER_CTX_ctrl");
            _newContext = (delegate* unmanaged<nint>)NativeLibrary.GetExport(library, "EVP_CIPHER_CTX_new");
            _freeContext = (delegate* unmanaged<nint, void>)NativeLibrary.GetExport(library, "EVP_CIPHER_CTX_free");
            _aes = (delegate* unmanaged<nint>)NativeLibrary.GetExport(library, "EVP_aes_256_gcm");
            _clearErrors = (delegate* unmanaged<void>)NativeLibrary.GetExport(library, "ERR_clear_error");
        }

        /// <summary>The libcrypto that .NET itself uses on Linux, by the names that it looks for; null elsewhere.</summary>
        public static Library? Load()
        {
            if (!OperatingSystem.IsLinux()) return null;
            foreach (var name in (string[])["libcrypto.so.3", "libcrypto.so.1.1"])
            {
                if (!NativeLibrary.TryLoad(name, out var library)) continue;
                try
                {
                    return new Library(library);
                }
                catch (EntryPointNotFoundException)
                {
                    // A build without one of the functions: .NET's own ciphers serve.
                }
            }

            return null;
        }

        /// <returns>A context with the key, or 0.</returns>
        public nint Context(ReadOnlySpan<byte> key, bool seals)
        {
            var context = _newContext();
            if (context == 0) return 0;
            fixed (byte* bytes = key)
            {
                if (_setKey(context, _aes(), 0, bytes, null, seals ? 1 : 0) == 1) return context;
            }

            _clearErrors();
            _freeContext(context);
            return 0;
        }

        public int Control(nint context, int command, int length, byte* bytes) => _control(context, command, length, bytes);

        public void Free(nint context) => _freeContext(context);

        public void ClearErrors() => _clearErrors();
    }
}
