resource "aws_cloudwatch_log_group" "cluster" {
  count = local.creates_cluster ? 1 : 0

  name              = "/aws/eks/${local.name}/cluster"
  retention_in_days = var.log_retention_days
}

resource "aws_cloudwatch_log_group" "flow" {
  name              = "/dwcp/${var.environment}/flow"
  retention_in_days = var.log_retention_days
}

locals {
  alarm_actions = var.alarm_topic_arn == "" ? [] : [var.alarm_topic_arn]
}

resource "aws_cloudwatch_metric_alarm" "no_healthy_node" {
  alarm_name          = "${local.name}-no-healthy-node"
  alarm_description   = "The data entry has no healthy machine behind it."
  namespace           = "AWS/NetworkELB"
  metric_name         = "HealthyHostCount"
  statistic           = "Minimum"
  period              = 60
  evaluation_periods  = 2
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  treat_missing_data  = "breaching"
  alarm_actions       = local.alarm_actions
  ok_actions          = local.alarm_actions

  dimensions = {
    LoadBalancer = aws_lb.data.arn_suffix
    TargetGroup  = aws_lb_target_group.data.arn_suffix
  }
}

resource "aws_cloudwatch_metric_alarm" "cpu" {
  alarm_name          = "${local.name}-cpu"
  alarm_description   = "The machines have been busy for ten minutes and cannot be more."
  namespace           = "AWS/EC2"
  metric_name         = "CPUUtilization"
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 10
  comparison_operator = "GreaterThanThreshold"
  threshold           = 85
  alarm_actions       = local.alarm_actions
  ok_actions          = local.alarm_actions

  dimensions = {
    AutoScalingGroupName = aws_autoscaling_group.machines.name
  }
}

resource "aws_cloudwatch_metric_alarm" "store" {
  alarm_name          = "${local.name}-store-limit"
  alarm_description   = "The store is near the end of its I/O limit."
  namespace           = "AWS/EFS"
  metric_name         = "PercentIOLimit"
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 90
  alarm_actions       = local.alarm_actions
  ok_actions          = local.alarm_actions

  dimensions = {
    FileSystemId = aws_efs_file_system.store.id
  }
}
