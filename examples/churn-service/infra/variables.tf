variable "region" {
  type    = string
  default = "eu-central-1"
}

variable "environment" {
  type        = string
  description = "staging or production"
}

variable "image" {
  type        = string
  description = "Image with its digest or commit tag"
}

variable "tracking_uri" {
  type = string
}
