# The claim dwcp-v3-store: any pod on any machine in any zone.
resource "aws_efs_file_system" "store" {
  creation_token   = local.name
  encrypted        = true
  throughput_mode  = "elastic"
  performance_mode = "generalPurpose"

  lifecycle_policy {
    transition_to_ia = "AFTER_30_DAYS"
  }

  lifecycle_policy {
    transition_to_primary_storage_class = "AFTER_1_ACCESS"
  }

  tags = { Name = "${local.name}-store" }
}

resource "aws_efs_backup_policy" "store" {
  file_system_id = aws_efs_file_system.store.id

  backup_policy {
    status = "ENABLED"
  }
}

resource "aws_efs_mount_target" "store" {
  count = length(local.zones)

  file_system_id  = aws_efs_file_system.store.id
  subnet_id       = aws_subnet.private[count.index].id
  security_groups = [aws_security_group.store.id]
}

data "aws_iam_policy_document" "store" {
  statement {
    sid       = "TlsOnly"
    effect    = "Deny"
    actions   = ["*"]
    resources = [aws_efs_file_system.store.arn]

    principals {
      type        = "AWS"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }

  statement {
    sid       = "MountFromTheVpc"
    actions   = ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite", "elasticfilesystem:ClientRootAccess"]
    resources = [aws_efs_file_system.store.arn]

    principals {
      type        = "AWS"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "elasticfilesystem:AccessedViaMountTarget"
      values   = ["true"]
    }
  }
}

resource "aws_efs_file_system_policy" "store" {
  file_system_id = aws_efs_file_system.store.id
  policy         = data.aws_iam_policy_document.store.json
}
