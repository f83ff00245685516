using System.Runtime.InteropServices;

namespace NovaCron.Dwcp.Transport.Rdma;

/// <summary>
/// The functions of libucp and its structs: the only file that knows their layout. Offsets are those of ucp.h on 64-bit Linux, compared by a C compiler
/// with the headers of 1.13.1, 1.14.1, 1.15.0, 1.16.0, 1.17.0, 1.18.1, 1.19.1, 1.20.1, 1.21.0 and 1.22.0: later ones add fields behind these and move none, and every struct says by
/// its mask which fields it has. Calls that are inline in C
/// (ucp_init, ucp_dt_make_contig, UCS_PTR_*) are made here by hand.
/// </summary>
internal sealed unsafe class UcxNative
{
    public const uint ApiMajor = 1;
    public const uint ApiMinor = 13;

    public const ulong FeatureRma = 1 << 1;
    public const ulong FeatureWakeup = 1 << 4;
    public const ulong FeatureAm = 1 << 6;

    public const int Ok = 0;
    public const int InProgress = 1;
    public const int Busy = -15;
    public const int Rejected = -23;
    public const int NoMemory = -4;
    private const long LastError = -100;

    public const uint MapAllocate = 1 << 1;
    public const uint ProtectAll = 1 | 2 | 256 | 512; // local and remote, read and write
    public const uint CloseForce = 1;
    public const int ErrorHandlingByPeer = 1;
    public const uint ClientServer = 1;
    public const ulong ContiguousBytes = 1UL << 3; // ucp_dt_make_contig(1)
    public const uint AmSendEager = 1 << 1;
    public const ulong AmReceivedByRendezvous = 1UL << 17; // what came is no data, but a description of data

    // op_attr_mask of a request
    public const uint OpFlags = 1 << 4;
    public const uint OpMemoryHandle = 1 << 8;

    public readonly delegate* unmanaged<uint, uint, ContextParams*, nint, nint*, int> InitVersion;
    public readonly delegate* unmanaged<nint, void> Cleanup;
    public readonly delegate* unmanaged<uint*, uint*, uint*, void> GetVersion;
    public readonly delegate* unmanaged<byte*, byte*, nint*, int> ConfigRead;
    public readonly delegate* unmanaged<nint, byte*, byte*, int> ConfigModify;
    public readonly delegate* unmanaged<nint, void> ConfigRelease;
    public readonly delegate* unmanaged<nint, WorkerParams*, nint*, int> WorkerCreate;
    public readonly delegate* unmanaged<nint, void> WorkerDestroy;
    public readonly delegate* unmanaged<nint, byte**, nuint*, int> WorkerGetAddress;
    public readonly delegate* unmanaged<nint, byte*, void> WorkerReleaseAddress;
    public readonly delegate* unmanaged<nint, uint> WorkerProgress;
    public readonly delegate* unmanaged<nint, int*, int> WorkerGetEfd;
    public readonly delegate* unmanaged<nint, int> WorkerArm;
    public readonly delegate* unmanaged<nint, int> WorkerSignal;
    public readonly delegate* unmanaged<nint, ListenerParams*, nint*, int> ListenerCreate;
    public readonly delegate* unmanaged<nint, ListenerAttr*, int> ListenerQuery;
    public readonly delegate* unmanaged<nint, nint, int> ListenerReject;
    public readonly delegate* unmanaged<nint, void> ListenerDestroy;
    public readonly delegate* unmanaged<nint, ConnRequestAttr*, int> ConnRequestQuery;
    public readonly delegate* unmanaged<nint, EndpointParams*, nint*, int> EndpointCreate;
    public readonly delegate* unmanaged<nint, RequestParam*, nint> EndpointClose;
    public readonly delegate* unmanaged<nint, RequestParam*, nint> EndpointFlush;
    public readonly delegate* unmanaged<nint, nint, void> EndpointPrintInfo;
    public readonly delegate* unmanaged<nint, MemMapParams*, nint*, int> MemMap;
    public readonly delegate* unmanaged<nint, nint, int> MemUnmap;
    public readonly delegate* unmanaged<nint, MemAttr*, int> MemQuery;
    public readonly delegate* unmanaged<nint, nint, void**, nuint*, int> RkeyPack;
    public readonly delegate* unmanaged<void*, void> RkeyBufferRelease;
    public readonly delegate* unmanaged<nint, byte*, nint*, int> RkeyUnpack;
    public readonly delegate* unmanaged<nint, void> RkeyDestroy;
    public readonly delegate* unmanaged<nint, ulong, void**, int> RkeyPointer;
    public readonly delegate* unmanaged<nint, void*, nuint, ulong, nint, RequestParam*, nint> Put;
    public readonly delegate* unmanaged<nint, void*, nuint, ulong, nint, RequestParam*, nint> Get;
    public readonly delegate* unmanaged<nint, uint, void*, nuint, void*, nuint, RequestParam*, nint> AmSend;
    public readonly delegate* unmanaged<nint, AmHandlerParam*, int> SetAmHandler;
    public readonly delegate* unmanaged<nint, int> RequestCheckStatus;
    public readonly delegate* unmanaged<nint, void> RequestFree;
    private readonly delegate* unmanaged<int, byte*> _statusString;

    /// <param name="ucp">Handle of libucp.</param>
    /// <param name="ucs">Handle of libucs.</param>
    /// <exception cref="EntryPointNotFoundException">A function is missing; the message names it.</exception>
    public UcxNative(nint ucp, nint ucs)
    {
        void* At(string name) => (void*)NativeLibrary.GetExport(ucp, name);
        InitVersion = (delegate* unmanaged<uint, uint, ContextParams*, nint, nint*, int>)At("ucp_init_version");
        Cleanup = (delegate* unmanaged<nint, void>)At("ucp_cleanup");
        GetVersion = (delegate* unmanaged<uint*, uint*, uint*, void>)At("ucp_get_version");
        ConfigRead = (delegate* unmanaged<byte*, byte*, nint*, int>)At("ucp_config_read");
        ConfigModify = (delegate* unmanaged<nint, byte*, byte*, int>)At("ucp_config_modify");
        ConfigRelease = (delegate* unmanaged<nint, void>)At("ucp_config_release");
        WorkerCreate = (delegate* unmanaged<nint, WorkerParams*, nint*, int>)At("ucp_worker_create");
        WorkerDestroy = (delegate* unmanaged<nint, void>)At("ucp_worker_destroy");
        WorkerGetAddress = (delegate* unmanaged<nint, byte**, nuint*, int>)At("ucp_worker_get_address");
        WorkerReleaseAddress = (delegate* unmanaged<nint, byte*, void>)At("ucp_worker_release_address");
        WorkerProgress = (delegate* unmanaged<nint, uint>)At("ucp_worker_progress");
        WorkerGetEfd = (delegate* unmanaged<nint, int*, int>)At("ucp_worker_get_efd");
        WorkerArm = (delegate* unmanaged<nint, int>)At("ucp_worker_arm");
        WorkerSignal = (delegate* unmanaged<nint, int>)At("ucp_worker_signal");
        ListenerCreate = (delegate* unmanaged<nint, ListenerParams*, nint*, int>)At("ucp_listener_create");
        ListenerQuery = (delegate* unmanaged<nint, ListenerAttr*, int>)At("ucp_listener_query");
        ListenerReject = (delegate* unmanaged<nint, nint, int>)At("ucp_listener_reject");
        ListenerDestroy = (delegate* unmanaged<nint, void>)At("ucp_listener_destroy");
        ConnRequestQuery = (delegate* unmanaged<nint, ConnRequestAttr*, int>)At("ucp_conn_request_query");
        EndpointCreate = (delegate* unmanaged<nint, EndpointParams*, nint*, int>)At("ucp_ep_create");
        EndpointClose = (delegate* unmanaged<nint, RequestParam*, nint>)At("ucp_ep_close_nbx");
        EndpointFlush = (delegate* unmanaged<nint, RequestParam*, nint>)At("ucp_ep_flush_nbx");
        EndpointPrintInfo = (delegate* unmanaged<nint, nint, void>)At("ucp_ep_print_info");
        MemMap = (delegate* unmanaged<nint, MemMapParams*, nint*, int>)At("ucp_mem_map");
        MemUnmap = (delegate* unmanaged<nint, nint, int>)At("ucp_mem_unmap");
        MemQuery = (delegate* unmanaged<nint, MemAttr*, int>)At("ucp_mem_query");
        RkeyPack = (delegate* unmanaged<nint, nint, void**, nuint*, int>)At("ucp_rkey_pack");
        RkeyBufferRelease = (delegate* unmanaged<void*, void>)At("ucp_rkey_buffer_release");
        RkeyUnpack = (delegate* unmanaged<nint, byte*, nint*, int>)At("ucp_ep_rkey_unpack");
        RkeyDestroy = (delegate* unmanaged<nint, void>)At("ucp_rkey_destroy");
        RkeyPointer = (delegate* unmanaged<nint, ulong, void**, int>)At("ucp_rkey_ptr");
        Put = (delegate* unmanaged<nint, void*, nuint, ulong, nint, RequestParam*, nint>)At("ucp_put_nbx");
        Get = (delegate* unmanaged<nint, void*, nuint, ulong, nint, RequestParam*, nint>)At("ucp_get_nbx");
        AmSend = (delegate* unmanaged<nint, uint, void*, nuint, void*, nuint, RequestParam*, nint>)At("ucp_am_send_nbx");
        SetAmHandler = (delegate* unmanaged<nint, AmHandlerParam*, int>)At("ucp_worker_set_am_recv_handler");
        RequestCheckStatus = (delegate* unmanaged<nint, int>)At("ucp_request_check_status");
        RequestFree = (delegate* unmanaged<nint, void>)At("ucp_request_free");
        _statusString = (delegate* unmanaged<int, byte*>)NativeLibrary.GetExport(ucs, "ucs_status_string");
    }

    /// <summary>UCS_PTR_IS_PTR: a request to wait for, not a status.</summary>
    public static bool IsRequest(nint pointer) => pointer != 0 && (nuint)pointer < unchecked((nuint)LastError);

    public string Explain(int status) => Marshal.PtrToStringUTF8((nint)_statusString(status)) ?? $"status {status}";

    [StructLayout(LayoutKind.Explicit, Size = 256)]
    public struct ContextParams
    {
        [FieldOffset(0)]
        public ulong Mask; // 1: features

        [FieldOffset(8)]
        public ulong Features;
    }

    [StructLayout(LayoutKind.Explicit, Size = 256)]
    public struct WorkerParams
    {
        [FieldOffset(0)]
        public ulong Mask; // 1: thread mode

        [FieldOffset(8)]
        public int ThreadMode; // 0: the thread that made it; 1: one thread at a time
    }

    [StructLayout(LayoutKind.Explicit, Size = 128)]
    public struct ListenerParams
    {
        [FieldOffset(0)]
        public ulong Mask; // 1: address; 4: connection handler

        [FieldOffset(8)]
        public byte* Address;

        [FieldOffset(16)]
        public uint AddressLength;

        [FieldOffset(40)]
        public delegate* unmanaged<nint, void*, void> OnConnection;

        [FieldOffset(48)]
        public void* Argument;
    }

    [StructLayout(LayoutKind.Explicit, Size = 256)]
    public struct ListenerAttr
    {
        [FieldOffset(0)]
        public ulong Mask; // 1: address

        [FieldOffset(8)]
        public fixed byte Address[128];
    }

    [StructLayout(LayoutKind.Explicit, Size = 256)]
    public struct ConnRequestAttr
    {
        [FieldOffset(0)]
        public ulong Mask; // 1: client's address

        [FieldOffset(8)]
        public fixed byte Address[128];
    }

    [StructLayout(LayoutKind.Explicit, Size = 192)]
    public struct EndpointParams
    {
        [FieldOffset(0)]
        public ulong Mask; // 1: worker address; 2: error mode; 4: error handler; 16: socket address; 32: flags; 64: connection request

        [FieldOffset(8)]
        public byte* WorkerAddress;

        [FieldOffset(16)]
        public int ErrorMode;

        [FieldOffset(24)]
        public delegate* unmanaged<void*, nint, int, void> OnError;

        [FieldOffset(32)]
        public void* Argument;

        [FieldOffset(48)]
        public uint Flags;

        [FieldOffset(56)]
        public byte* Address;

        [FieldOffset(64)]
        public uint AddressLength;

        [FieldOffset(72)]
        public nint ConnectionRequest;
    }

    [StructLayout(LayoutKind.Explicit, Size = 128)]
    public struct MemMapParams
    {
        [FieldOffset(0)]
        public ulong Mask; // 1: address; 2: length; 4: flags; 8: protection

        [FieldOffset(8)]
        public void* Address;

        [FieldOffset(16)]
        public nuint Length;

        [FieldOffset(24)]
        public uint Flags;

        [FieldOffset(28)]
        public uint Protection;
    }

    [StructLayout(LayoutKind.Explicit, Size = 128)]
    public struct MemAttr
    {
        [FieldOffset(0)]
        public ulong Mask; // 1: address; 2: length

        [FieldOffset(8)]
        public void* Address;

        [FieldOffset(16)]
        public nuint Length;
    }

    [StructLayout(LayoutKind.Explicit, Size = 128)]
    public struct RequestParam
    {
        [FieldOffset(0)]
        public uint Mask;

        [FieldOffset(4)]
        public uint Flags;

        [FieldOffset(64)]
        public nint MemoryHandle;
    }

    [StructLayout(LayoutKind.Explicit, Size = 64)]
    public struct AmHandlerParam
    {
        [FieldOffset(0)]
        public ulong Mask; // 1: id; 4: callback; 8: argument

        [FieldOffset(8)]
        public uint Id;

        [FieldOffset(16)]
        public delegate* unmanaged<void*, void*, nuint, void*, nuint, void*, int> Callback;

        [FieldOffset(24)]
        public void* Argument;
    }
}
