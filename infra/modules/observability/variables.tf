variable "name" {
  description = "Middle part of resource names."
  type        = string
}

variable "resource_group_name" {
  description = "Resource group that holds everything."
  type        = string
}

variable "location" {
  description = "Azure region."
  type        = string
}

variable "retention_days" {
  description = "Days that logs are kept."
  type        = number
}

variable "daily_quota_gb" {
  description = "Gigabytes of logs a day after which ingestion stops until the next; -1: no limit."
  type        = number
}

variable "emails" {
  description = "Addresses that alerts go to."
  type        = list(string)
}

variable "tags" {
  description = "Tags of every resource."
  type        = map(string)
}
