# Where the data, the image and the service live.

terraform {
  required_version = "~> 1.9"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.80"
    }
  }

  backend "s3" {
    bucket = "acme-terraform-state"
    key    = "churn/terraform.tfstate"
    region = "eu-central-1"
  }
}

provider "aws" {
  region = var.region
}

resource "aws_s3_bucket" "data" {
  bucket = "acme-churn-data"
}

resource "aws_s3_bucket_versioning" "data" {
  bucket = aws_s3_bucket.data.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_apprunner_service" "churn" {
  service_name = "churn-${var.environment}"

  source_configuration {
    image_repository {
      image_identifier      = var.image
      image_repository_type = "ECR"

      image_configuration {
        port = "8080"
        runtime_environment_variables = {
          MODEL_URI           = "models:/churn@champion"
          MLFLOW_TRACKING_URI = var.tracking_uri
        }
      }
    }
  }

  health_check_configuration {
    protocol = "HTTP"
    path     = "/health"
  }
}
