variable "account_name" {
  description = "Globally unique name of the Cosmos DB account."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,42}[a-z0-9]$", var.account_name))
    error_message = "A Cosmos DB account's name is 3 to 44 lower-case letters, digits and dashes."
  }
}

variable "database" {
  description = "Database of the catalog."
  type        = string
}

variable "schemas_path" {
  description = "Folder with cosmos.json."
  type        = string
}

variable "max_throughput" {
  description = "Upper end of autoscale in RU/s by container; default is for containers that are not named."
  type        = map(number)
}

variable "backup_tier" {
  description = "How far back continuous backup reaches: Continuous7Days or Continuous30Days."
  type        = string
}

variable "zone_redundant" {
  description = "Spread replicas over availability zones."
  type        = bool
}

variable "paired_location" {
  description = "Region of a second replica, taken automatically when the first fails; null: none."
  type        = string
}

variable "encryption" {
  description = "Customer-managed key (address without version) and the identity that may use it."
  type = object({
    key_id      = string
    identity_id = string
  })
}

variable "dns_zone_id" {
  description = "Private DNS zone of Cosmos DB."
  type        = string
}

variable "place" {
  description = "Where the resource and its private endpoint live."
  type = object({
    resource_group_name = string
    location            = string
    subnet_id           = string
    tags                = map(string)
  })
}
