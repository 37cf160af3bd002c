variable "account_name" {
  description = "Globally unique name of the account."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9]{3,24}$", var.account_name))
    error_message = "A storage account's name is 3 to 24 lower-case letters and digits."
  }
}

variable "zone" {
  description = "Zone of the pipeline that the account holds, or operations."
  type        = string
}

variable "replication" {
  description = "Copies: LRS, ZRS, GRS, RAGRS, GZRS or RAGZRS."
  type        = string
}

variable "hierarchical" {
  description = "Hierarchical namespace (Data Lake). Cannot be switched off later; excludes versions."
  type        = bool
}

variable "containers" {
  description = "Names of the containers."
  type        = set(string)
}

variable "rules" {
  description = "Days since the last change after which current blobs change tier or are deleted; null: never."
  type = object({
    cool_after_days    = optional(number)
    cold_after_days    = optional(number)
    archive_after_days = optional(number)
    delete_after_days  = optional(number)
  })
}

variable "rule_prefixes" {
  description = "Blobs that the rules are for, as container or container/prefix; empty: all."
  type        = set(string)
  default     = []
}

variable "version_days" {
  description = "Days that previous versions are kept on a flat account."
  type        = number
}

variable "soft_delete_days" {
  description = "Days that deleted blobs and containers can be brought back."
  type        = number
}

variable "encryption" {
  description = "Customer-managed key (address without version) and the identity that may use it."
  type = object({
    key_id      = string
    identity_id = string
  })
}

variable "dns_zone_ids" {
  description = "Private DNS zones by service; blob and dfs are used."
  type        = map(string)
}

variable "place" {
  description = "Where the account and its private endpoints live."
  type = object({
    resource_group_name = string
    location            = string
    subnet_id           = string
    tags                = map(string)
  })
}
