@{
    # The loader first: it tells PowerShell where the dependencies of the cmdlets are. Both are nested, so that help is looked for beside them.
    NestedModules        = @(
        'module/bin/NovaCron.Dwcp.PowerShell.Loading.dll',
        'module/bin/NovaCron.Dwcp.PowerShell.dll'
    )
    ModuleVersion        = '3.0.0'
    GUID                 = '6f0c3a52-5c0e-4d0c-9d58-2f6f5a3f7a31'
    Author               = 'NovaCron'
    CompanyName          = 'NovaCron'
    Copyright            = '(c) NovaCron. All rights reserved.'
    Description          = 'Stages, validates, rolls out, rolls back and uses DWCP v3, the protocol that moves virtual-machine disks, dumps and logs between sites.'
    PowerShellVersion    = '7.4'
    CompatiblePSEditions = @('Core')
    FormatsToProcess     = @('module/NovaCron.format.ps1xml')
    FunctionsToExport    = @()
    AliasesToExport      = @()
    VariablesToExport    = @()
    CmdletsToExport      = @(
        'Compress-DwcpArchive',
        'Expand-DwcpArchive',
        'Get-DwcpArchive',
        'New-DwcpDictionary',
        'Get-DwcpCheck',
        'Backup-DwcpConfiguration',
        'Restore-DwcpConfiguration',
        'Get-DwcpCredential',
        'Get-DwcpGate',
        'Invoke-DwcpGate',
        'Export-DwcpManifest',
        'Export-DwcpIncidentReport',
        'Invoke-DwcpRollback',
        'Remove-DwcpV1',
        'Approve-DwcpRollout',
        'Get-DwcpRollout',
        'Resume-DwcpRollout',
        'Set-DwcpRollout',
        'Suspend-DwcpRollout',
        'Get-DwcpRolloutReport',
        'Publish-DwcpArtifact',
        'Publish-DwcpImage',
        'Test-DwcpInfrastructure',
        'Get-DwcpStaging',
        'New-DwcpStaging',
        'Remove-DwcpStaging',
        'Get-DwcpTransfer',
        'Start-DwcpTransfer',
        'Stop-DwcpTransfer',
        'Test-DwcpPath',
        'Approve-DwcpReadiness',
        'Get-DwcpReadiness',
        'Approve-DwcpValidation',
        'Compare-DwcpValidation',
        'Export-DwcpValidation',
        'Invoke-DwcpValidation',
        'Test-DwcpValidation'
    )
    PrivateData          = @{
        PSData = @{
            Tags = @('Kubernetes', 'Deployment', 'Rollout', 'Transfer', 'PSEdition_Core', 'Linux', 'Windows', 'MacOS')
        }
    }
}
