terraform {
  # 1.10 brought locking of S3 state without a table of its own.
  required_version = ">= 1.10.0"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.0.0, < 7.0.0"
    }
  }

  # Bucket, key and region are given at init (-backend-config); see docs/operations.md.
  backend "s3" {
    encrypt      = true
    use_lockfile = true
  }
}

provider "aws" {
  region = var.region

  default_tags {
    tags = merge(var.tags, {
      Project     = "novacron-dwcp"
      Environment = var.environment
      ManagedBy   = "terraform"
    })
  }
}
