using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace NovaCron.Dwcp.Transport.Files;

/// <summary>
/// A directory, and names opened strictly beneath it without following any link. On Linux the kernel guarantees it (openat2 with RESOLVE_BENEATH and
/// RESOLVE_NO_SYMLINKS; on kernels or sandboxes without it, a walk of openat with O_NOFOLLOW for every component, equally safe against races). On other systems
/// every component is checked before use, which leaves a window to someone who can write there at the same moment.
/// </summary>
internal sealed class BeneathDirectory : IDisposable
{
    private const uint FileMode = 0x1A4; // 0644; the umask takes its share
    private const uint DirectoryMode = 0x1ED; // 0755
    private static int _openAt2Missing;

    private readonly string _path;
    private readonly SafeFileHandle? _handle;

    /// <param name="path">An existing directory. It may itself be reached over links: who names the root is trusted.</param>
    public BeneathDirectory(string path)
    {
        _path = Path.GetFullPath(path);
        if (!OperatingSystem.IsLinux())
        {
            if (!Directory.Exists(_path)) throw new StoreIoException($"There is no directory {_path}.", diskFull: false);
            return;
        }

        var descriptor = LinuxCalls.Open(_path, LinuxCalls.ReadOnly | LinuxCalls.DirectoryOnly | LinuxCalls.CloseOnExec, 0);
        if (descriptor < 0) throw Failure("open", "");
        _handle = new SafeFileHandle(descriptor, ownsHandle: true);
    }

    private BeneathDirectory(string path, SafeFileHandle handle) => (_path, _handle) = (path, handle);

    private int Descriptor => (int)_handle!.DangerousGetHandle();

    /// <summary>A directory beneath this one, reached as safely as its files are: nobody swaps it for a link in between.</summary>
    public BeneathDirectory Beneath(string path) =>
        _handle is null ? new BeneathDirectory(Full(path)) : new BeneathDirectory(Full(path), OpenDirectory(path) ?? throw new StoreIoException($"There is no directory {Full(path)}.", diskFull: false));

    /// <summary>Opens an existing file; null when there is none.</summary>
    public SafeFileHandle? OpenRead(string path)
    {
        if (_handle is null)
        {
            CheckComponents(path);
            return File.Exists(Full(path)) ? File.OpenHandle(Full(path), System.IO.FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete) : null;
        }

        var descriptor = OpenDescriptor(path, LinuxCalls.ReadOnly, 0);
        if (descriptor >= 0) return new SafeFileHandle(descriptor, ownsHandle: true);
        return Marshal.GetLastPInvokeError() is LinuxCalls.NoEntry ? null : throw Failure("open", path);
    }

    /// <summary>Opens a file for reading and writing.</summary>
    /// <param name="path">Its name.</param>
    /// <param name="createNew">True when it must not exist yet; false to create it only if missing.</param>
    public SafeFileHandle OpenWrite(string path, bool createNew)
    {
        if (_handle is null)
        {
            CheckComponents(path);
            return Guard("create", path, () => File.OpenHandle(Full(path), createNew ? System.IO.FileMode.CreateNew : System.IO.FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete));
        }

        var flags = LinuxCalls.ReadWrite | LinuxCalls.Create | (createNew ? LinuxCalls.Exclusive : 0);
        var descriptor = OpenDescriptor(path, flags, FileMode);
        return descriptor >= 0 ? new SafeFileHandle(descriptor, ownsHandle: true) : throw Failure("create", path);
    }

    /// <summary>Creates one directory; false when a directory was there already.</summary>
    public bool CreateDirectory(string path)
    {
        if (_handle is null)
        {
            CheckComponents(path);
            if (Directory.Exists(Full(path))) return false;
            Guard("create directory", path, () => Directory.CreateDirectory(Full(path)));
            return true;
        }

        return WithParent(path, (parent, name) =>
        {
            if (LinuxCalls.MakeDirectoryAt(parent, name, DirectoryMode) == 0) return true;
            if (Marshal.GetLastPInvokeError() != LinuxCalls.Exists) throw Failure("create directory", path);
            var existing = OpenDescriptor(path, LinuxCalls.PathOnly | LinuxCalls.DirectoryOnly, 0);
            if (existing < 0) throw new StoreIoException($"{Full(path)} is there, but is not a directory.", diskFull: false);
            LinuxCalls.Close(existing);
            return false;
        });
    }

    public void CreateSymbolicLink(string path, string target)
    {
        if (_handle is null)
        {
            CheckComponents(path);
            Guard("link", path, () => (object)File.CreateSymbolicLink(Full(path), target));
            return;
        }

        WithParent(path, (parent, name) => LinuxCalls.SymLinkAt(target, parent, name) == 0 ? true : throw Failure("link", path));
    }

    public void Rename(string from, string to)
    {
        if (_handle is null)
        {
            CheckComponents(from);
            CheckComponents(to);
            Guard("rename", to, () =>
            {
                File.Move(Full(from), Full(to), overwrite: true);
                return true;
            });
            return;
        }

        WithParent(from, (fromParent, fromName) => WithParent(to, (toParent, toName) =>
            LinuxCalls.RenameAt(fromParent, fromName, toParent, toName) == 0 ? true : throw Failure("rename", to)));
    }

    /// <summary>Deletes a file or link; false when there was none.</summary>
    public bool DeleteFile(string path) => Delete(path, directory: false);

    /// <summary>Deletes an empty directory; false when there was none.</summary>
    public bool DeleteDirectory(string path) => Delete(path, directory: true);

    public void Sync(string directory)
    {
        if (_handle is null) return; // Windows and macOS have no fsync of a directory that .NET reaches; their file systems journal names.
        var descriptor = directory.Length == 0 ? Descriptor : OpenDescriptor(directory, LinuxCalls.ReadOnly | LinuxCalls.DirectoryOnly, 0);
        if (descriptor < 0) throw Failure("open directory", directory);
        try
        {
            if (LinuxCalls.Sync(descriptor) != 0) throw Failure("sync directory", directory);
        }
        finally
        {
            if (directory.Length != 0) LinuxCalls.Close(descriptor);
        }
    }

    /// <summary>What is directly in a directory, links not followed; empty when there is no such directory.</summary>
    public IReadOnlyList<DirectoryItem> List(string directory)
    {
        if (_handle is null)
        {
            CheckComponents(directory);
            var info = new DirectoryInfo(Full(directory));
            return info.Exists ? Items(info) : [];
        }

        var descriptor = directory.Length == 0 ? Descriptor : OpenDescriptor(directory, LinuxCalls.ReadOnly | LinuxCalls.DirectoryOnly, 0);
        if (descriptor < 0) return Marshal.GetLastPInvokeError() == LinuxCalls.NoEntry ? [] : throw Failure("list", directory);
        try
        {
            // The descriptor's own name: lists exactly the directory that was opened, whatever its path means by now.
            return Items(new DirectoryInfo($"/proc/self/fd/{descriptor}/"));
        }
        finally
        {
            if (directory.Length != 0) LinuxCalls.Close(descriptor);
        }
    }

    /// <summary>Opens a directory as a handle, for its metadata.</summary>
    public SafeFileHandle? OpenDirectory(string path)
    {
        if (_handle is null) return null;
        var descriptor = OpenDescriptor(path.Length == 0 ? "." : path, LinuxCalls.ReadOnly | LinuxCalls.DirectoryOnly, 0);
        return descriptor >= 0 ? new SafeFileHandle(descriptor, ownsHandle: true) : throw Failure("open directory", path);
    }

    /// <summary>The full path, for messages and for systems without openat.</summary>
    public string Full(string path) => path.Length == 0 ? _path : Path.Combine(_path, path);

    public void Dispose() => _handle?.Dispose();

    internal static bool IsDiskFull(int error) => error is LinuxCalls.NoSpace or LinuxCalls.QuotaExceeded or LinuxCalls.FileTooLarge;

    internal static bool IsDiskFull(IOException e) =>
        e is StoreIoException { DiskFull: true }
        || (OperatingSystem.IsWindows() ? e.HResult is unchecked((int)0x80070070) or unchecked((int)0x80070027) : IsDiskFull(e.HResult));

    private static List<DirectoryItem> Items(DirectoryInfo directory)
    {
        var items = new List<DirectoryItem>();
        foreach (var info in directory.EnumerateFileSystemInfos())
        {
            if (DirectoryItem.From(info) is { } item) items.Add(item);
        }

        return items;
    }

    private bool Delete(string path, bool directory)
    {
        if (_handle is null)
        {
            CheckComponents(path);
            if (directory ? !Directory.Exists(Full(path)) : !File.Exists(Full(path))) return false;
            Guard("delete", path, () =>
            {
                if (directory) Directory.Delete(Full(path));
                else File.Delete(Full(path));
                return true;
            });
            return true;
        }

        if (path.LastIndexOf('/') is var slash and > 0)
        {
            var parent = OpenDescriptor(path[..slash], LinuxCalls.PathOnly | LinuxCalls.DirectoryOnly, 0);
            if (parent < 0 && Marshal.GetLastPInvokeError() == LinuxCalls.NoEntry) return false;
            if (parent >= 0) LinuxCalls.Close(parent);
        }

        return WithParent(path, (parent, name) =>
        {
            if (LinuxCalls.UnlinkAt(parent, name, directory ? LinuxCalls.RemoveDirectory : 0) == 0) return true;
            return Marshal.GetLastPInvokeError() == LinuxCalls.NoEntry ? false : throw Failure("delete", path);
        });
    }

    private T WithParent<T>(string path, Func<int, string, T> action)
    {
        var slash = path.LastIndexOf('/');
        if (slash < 0) return action(Descriptor, path);
        var parent = OpenDescriptor(path[..slash], LinuxCalls.PathOnly | LinuxCalls.DirectoryOnly, 0);
        if (parent < 0) throw Failure("open directory", path[..slash]);
        try
        {
            return action(parent, path[(slash + 1)..]);
        }
        finally
        {
            LinuxCalls.Close(parent);
        }
    }

    private int OpenDescriptor(string path, int flags, uint mode)
    {
        if (path.Contains('\0')) throw new StoreIoException("A path contains a NUL.", diskFull: false);
        if (Volatile.Read(ref _openAt2Missing) == 0)
        {
            var descriptor = LinuxCalls.OpenBeneath(Descriptor, path, flags, mode);
            // Old kernels say ENOSYS; sandboxes that do not know the call say EPERM.
            if (descriptor >= 0 || Marshal.GetLastPInvokeError() is not (LinuxCalls.NotImplemented or LinuxCalls.NotPermitted)) return descriptor;
            Volatile.Write(ref _openAt2Missing, 1);
        }

        return WalkBeneath(path, flags, mode);
    }

    // The portable form of the same guarantee: one component at a time, links refused at each.
    internal int WalkBeneath(string path, int flags, uint mode)
    {
        var components = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (path.StartsWith('/') || components.Contains(".."))
        {
            Marshal.SetLastPInvokeError(LinuxCalls.CrossDevice);
            return -1;
        }

        var current = Descriptor;
        try
        {
            for (var i = 0; i < components.Length; i++)
            {
                var last = i == components.Length - 1;
                var step = last
                    ? LinuxCalls.OpenAt(current, components[i], flags | LinuxCalls.NoFollow | LinuxCalls.CloseOnExec, mode)
                    : LinuxCalls.OpenAt(current, components[i], LinuxCalls.PathOnly | LinuxCalls.DirectoryOnly | LinuxCalls.NoFollow | LinuxCalls.CloseOnExec, 0);
                var error = Marshal.GetLastPInvokeError();
                if (current != Descriptor) LinuxCalls.Close(current);
                current = Descriptor;
                if (step < 0 || last)
                {
                    Marshal.SetLastPInvokeError(error);
                    return step;
                }

                current = step;
            }
        }
        catch
        {
            if (current != Descriptor) LinuxCalls.Close(current);
            throw;
        }

        Marshal.SetLastPInvokeError(LinuxCalls.InvalidArgument);
        return -1;
    }

    private void CheckComponents(string path)
    {
        var current = _path;
        foreach (var component in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (component is ".." || component.AsSpan().IndexOfAny(Path.GetInvalidFileNameChars()) >= 0)
                throw new StoreIoException($"The name '{component}' is not allowed on this system.", diskFull: false);
            current = Path.Combine(current, component);
            var info = new FileInfo(current);
            if (info.LinkTarget is not null) throw new StoreIoException($"{current} is a link; links are not followed.", diskFull: false);
        }
    }

    private static T Guard<T>(string what, string path, Func<T> action)
    {
        try
        {
            return action();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StoreIoException($"Cannot {what} {path}: {e.Message}", e is IOException io && IsDiskFull(io), e);
        }
    }

    private StoreIoException Failure(string what, string path)
    {
        var error = Marshal.GetLastPInvokeError();
        var reason = error is LinuxCalls.Loop or LinuxCalls.CrossDevice ? "it is, or leads over, a link; links are not followed" : new Win32Exception(error).Message;
        return new StoreIoException($"Cannot {what} {Full(path)}: {reason}.", IsDiskFull(error));
    }
}
