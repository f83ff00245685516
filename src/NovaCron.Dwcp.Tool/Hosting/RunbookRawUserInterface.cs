using System.Management.Automation;
using System.Management.Automation.Host;
using NovaCron.Dwcp.Tool.Screens;

namespace NovaCron.Dwcp.Tool.Hosting;

/// <summary>Tells PowerShell's formatting how wide the screen is; there is nothing else to do to it.</summary>
internal sealed class RunbookRawUserInterface(IScreen screen) : PSHostRawUserInterface
{
    // Out-Default asks for a height only to page, which nobody asked for here.
    private const int Height = 50;

    public override Size BufferSize
    {
        get => new(screen.Width, Height);
        set => throw NotAConsole();
    }

    public override Size WindowSize
    {
        get => BufferSize;
        set => throw NotAConsole();
    }

    public override Size MaxWindowSize => BufferSize;

    public override Size MaxPhysicalWindowSize => BufferSize;

    public override Coordinates CursorPosition { get; set; }

    public override Coordinates WindowPosition { get; set; }

    public override int CursorSize { get; set; } = 25;

    public override ConsoleColor ForegroundColor { get; set; } = ConsoleColor.Gray;

    public override ConsoleColor BackgroundColor { get; set; } = ConsoleColor.Black;

    public override string WindowTitle { get; set; } = "dwcp";

    public override bool KeyAvailable => false;

    public override KeyInfo ReadKey(ReadKeyOptions options) => throw NotAConsole();

    public override void FlushInputBuffer()
    {
    }

    public override BufferCell[,] GetBufferContents(Rectangle rectangle) => throw NotAConsole();

    public override void SetBufferContents(Coordinates origin, BufferCell[,] contents) => throw NotAConsole();

    public override void SetBufferContents(Rectangle rectangle, BufferCell fill) => throw NotAConsole();

    public override void ScrollBufferContents(Rectangle source, Coordinates destination, Rectangle clip, BufferCell fill) => throw NotAConsole();

    private static PSNotSupportedException NotAConsole() => new("dwcp's screen is a stream of lines: its cells cannot be read or moved.");
}
