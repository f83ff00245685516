variable "region" {
  description = "AWS region, for example eu-central-1."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "A region looks like eu-central-1."
  }
}

variable "environment" {
  description = "Name of the environment; part of every resource's name."
  type        = string
  default     = "staging"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,14}[a-z0-9]$", var.environment))
    error_message = "3 to 16 lower case letters, digits and hyphens, beginning with a letter."
  }
}

variable "tags" {
  description = "Tags for every resource, beside Project, Environment and ManagedBy."
  type        = map(string)
  default     = {}
}

variable "vpc_cidr" {
  description = "Network of the VPC; a /16 to /20."
  type        = string
  default     = "10.42.0.0/16"

  validation {
    condition     = can(cidrhost(var.vpc_cidr, 0)) && try(tonumber(split("/", var.vpc_cidr)[1]) >= 16 && tonumber(split("/", var.vpc_cidr)[1]) <= 20, false)
    error_message = "An IPv4 network between /16 and /20."
  }
}

variable "nat_per_zone" {
  description = "A NAT gateway in each zone (production) instead of one for all (staging)."
  type        = bool
  default     = false
}

variable "existing_cluster_name" {
  description = "An EKS cluster to join instead of creating one. Empty: one is created."
  type        = string
  default     = ""
}

variable "kubernetes_version" {
  description = "Version of a created control plane."
  type        = string
  default     = "1.34"

  validation {
    condition     = can(regex("^1\\.(3[0-9])$", var.kubernetes_version))
    error_message = "DWCP v3 needs Kubernetes 1.30 or newer."
  }
}

variable "api_cidrs" {
  description = "Networks that may reach the Kubernetes API. Empty: only from within the VPC."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for c in var.api_cidrs : can(cidrhost(c, 0)) && c != "0.0.0.0/0"])
    error_message = "Networks such as 203.0.113.0/24; the whole internet is refused."
  }
}

variable "client_cidrs" {
  description = "Networks of clients that may open data sessions on 7420."
  type        = list(string)
  default     = ["10.0.0.0/8"]

  validation {
    condition     = length(var.client_cidrs) > 0 && alltrue([for c in var.client_cidrs : can(cidrhost(c, 0))])
    error_message = "At least one network such as 10.0.0.0/8."
  }
}

variable "certificate_arn" {
  description = "ACM certificate of the HTTPS listener. Empty: no public HTTP entry is created."
  type        = string
  default     = ""

  validation {
    condition     = var.certificate_arn == "" || can(regex("^arn:[a-z-]+:acm:", var.certificate_arn))
    error_message = "The ARN of an ACM certificate."
  }
}

variable "instance_type" {
  description = "Instance type of the machines."
  type        = string
  default     = "m7i.xlarge"
}

variable "machines" {
  description = "Least, wanted and most machines; 2 to 6 by default."
  type = object({
    minimum = number
    desired = number
    maximum = number
  })
  default = {
    minimum = 2
    desired = 3
    maximum = 6
  }

  validation {
    condition     = var.machines.minimum >= 2 && var.machines.minimum <= var.machines.desired && var.machines.desired <= var.machines.maximum
    error_message = "At least two, and minimum <= desired <= maximum."
  }
}

variable "volume_gib" {
  description = "Root volume of a machine, GiB."
  type        = number
  default     = 80

  validation {
    condition     = var.volume_gib >= 40 && var.volume_gib <= 2000
    error_message = "40 to 2000 GiB."
  }
}

variable "log_retention_days" {
  description = "How long CloudWatch keeps logs, days."
  type        = number
  default     = 30

  validation {
    condition     = contains([7, 14, 30, 60, 90, 180, 365], var.log_retention_days)
    error_message = "One of 7, 14, 30, 60, 90, 180, 365."
  }
}

variable "alarm_topic_arn" {
  description = "SNS topic that alarms are sent to. Empty: alarms only change colour."
  type        = string
  default     = ""
}

variable "artifact_retention_days" {
  description = "How long reports and manifests are kept in the artifact bucket, days."
  type        = number
  default     = 400

  validation {
    condition     = var.artifact_retention_days >= 30
    error_message = "At least 30 days."
  }
}
