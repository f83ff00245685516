<#
.SYNOPSIS
Build, test, rehearse, measure, pack or publish from PowerShell. Each target is one dotnet command that a shell can run as well.

.PARAMETER Target
Build (default): everything, and the module's layout in module/bin. Test: all tests. Gate: the module's tests and the tool's, which hold
the whole story. Rehearse: the story. Bench: the benchmarks. Pack: the module as a directory in artifacts/. Publish: dwcpd and dwcp in artifacts/.

.PARAMETER Configuration
Debug or Release.
#>
[CmdletBinding()]
param(
    [Parameter(Position = 0)]
    [ValidateSet('Build', 'Test', 'Gate', 'Rehearse', 'Bench', 'Pack', 'Publish')]
    [string] $Target = 'Build',

    [ValidateSet('Debug', 'Release')]
    [string] $Configuration = 'Release'
)

$ErrorActionPreference = 'Stop'
$root = $PSScriptRoot
$artifacts = [IO.Path]::Combine($root, 'artifacts')

function Invoke-Dotnet {
    & dotnet @args
    if ($LASTEXITCODE -ne 0) { throw "dotnet $($args -join ' ') ended with exit code $LASTEXITCODE." }
}

function Copy-Directory([string] $From, [string] $To) {
    foreach ($file in [IO.Directory]::GetFiles($From, '*', 'AllDirectories')) {
        $copy = [IO.Path]::Combine($To, [IO.Path]::GetRelativePath($From, $file))
        $null = [IO.Directory]::CreateDirectory([IO.Path]::GetDirectoryName($copy))
        [IO.File]::Copy($file, $copy, $true)
    }
}

function Get-ProjectPath([string] $Name) {
    $folder = if ($Name -match '(Tests|Benchmarks)$') { 'tests' } else { 'src' }
    [IO.Path]::Combine($root, $folder, "NovaCron.Dwcp.$Name")
}

[IO.Directory]::SetCurrentDirectory($root)
switch ($Target) {
    'Build' { Invoke-Dotnet build ([IO.Path]::Combine($root, 'NovaCron.Dwcp.sln')) -c $Configuration }
    'Test' { Invoke-Dotnet test --solution ([IO.Path]::Combine($root, 'NovaCron.Dwcp.sln')) -c $Configuration }
    'Gate' {
        foreach ($name in 'Module.Tests', 'Tool.Tests') { Invoke-Dotnet test --project (Get-ProjectPath $name) -c $Configuration }
    }
    'Rehearse' { Invoke-Dotnet run --project (Get-ProjectPath 'Tool') -c $Configuration -- rehearse }
    'Bench' { Invoke-Dotnet run --project (Get-ProjectPath 'Benchmarks') -c Release }
    'Pack' {
        Invoke-Dotnet build (Get-ProjectPath 'PowerShell') -c $Configuration
        # The same relative layout as in the repository, so that the manifest is the same file.
        $module = [IO.Path]::Combine($artifacts, 'NovaCron')
        if ([IO.Directory]::Exists($module)) { [IO.Directory]::Delete($module, $true) }
        Copy-Directory ([IO.Path]::Combine($root, 'module')) ([IO.Path]::Combine($module, 'module'))
        Copy-Directory ([IO.Path]::Combine($root, 'runbooks')) ([IO.Path]::Combine($module, 'runbooks'))
        [IO.File]::Copy([IO.Path]::Combine($root, 'NovaCron.psd1'), [IO.Path]::Combine($module, 'NovaCron.psd1'), $true)
        "The module is in $module."
    }
    'Publish' {
        Invoke-Dotnet publish (Get-ProjectPath 'Node') -c $Configuration -o ([IO.Path]::Combine($artifacts, 'dwcpd'))
        Invoke-Dotnet publish (Get-ProjectPath 'Tool') -c $Configuration -o ([IO.Path]::Combine($artifacts, 'dwcp'))
    }
}
