#requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0.0' }
<#
.SYNOPSIS
GO/NO-GO gate before the approval: every check of the catalogue, and the decision.

.DESCRIPTION
Works with Pester 5 and 6, in any CI. Settings are container data:

    $gate = New-PesterContainer -Path tests/Gates/Staging.Tests.ps1 -Data @{ Namespace = 'staging' }
    Invoke-Pester -Container $gate -Output Detailed

Without Pester the same gate is: exit (Invoke-DwcpGate Staging -Namespace staging).ExitCode
#>
param(
    [string] $Namespace = 'staging',

    # Targets: Production or Rehearsal.
    [string] $Profile = 'Production',

    # Further parameters of Invoke-DwcpGate: Kubeconfig, Context, Server, Token, CertificateAuthority, DataAddress, PrometheusUrl,
    # AlertmanagerUrl, ImageScanReport, OutputDirectory.
    [hashtable] $Connection = @{},

    # The module; the one beside this file by default.
    [string] $Module = (Join-Path $PSScriptRoot '../../NovaCron.psd1')
)

BeforeDiscovery {
    Import-Module $Module
    $groups = Get-DwcpGate Staging | Group-Object Tag | ForEach-Object { @{ Name = $_.Name; Assertions = @($_.Group.ForEach({ @{ Id = $_.Id; Title = $_.Title } })) } }
}

BeforeAll {
    Import-Module $Module
    $results = @{}
    # Pester 6 hides what is thrown here; each test tells it instead.
    $reason = 'no result'
    try { $gate = Invoke-DwcpGate Staging -Namespace $Namespace -Profile $Profile @Connection }
    catch { $reason = "the gate could not be tried: $_" }
    foreach ($result in $gate.Results) { $results[$result.Id] = $result }
}

Describe 'Staging gate: may this be approved for production?' {
    foreach ($group in $groups) {
        Context $group.Name -Tag $group.Name {
            It '<Id>: <Title>' -ForEach $group.Assertions {
                $result = $results[$Id]
                if ($null -eq $result) { throw $reason }
                if ($result.Status -eq 'Skipped') { Set-ItResult -Skipped -Because $result.Message }
                elseif ($result.Status -ne 'Pass') { throw "$($result.Status): $($result.Message)" }
            }
        }
    }

    It 'is open' -Tag 'Decision' {
        if ($null -eq $gate) { throw $reason }
        $gate.ExitCode | Should -Be 0 -Because (@($gate.Results.Where({ $_.Status -in 'Fail', 'Error' }).ForEach({ $_.Id })) -join ', ')
    }
}
