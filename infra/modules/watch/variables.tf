variable "name" {
  description = "First part of the alerts' names."
  type        = string
}

variable "resource_group_name" {
  description = "Resource group of the alerts."
  type        = string
}

variable "resource_group_id" {
  description = "Resource group that the budget is for."
  type        = string
}

variable "location" {
  description = "Azure region."
  type        = string
}

variable "workspace_id" {
  description = "Log Analytics workspace."
  type        = string
}

variable "action_group_id" {
  description = "Whom alerts go to."
  type        = string
}

variable "logged" {
  description = "Resources with their log categories and their category of metrics, by name."
  type        = map(object({ id = string, categories = list(string), metrics = string }))
}

variable "factory_id" {
  description = "Data factory."
  type        = string
}

variable "batch_id" {
  description = "Batch account."
  type        = string
}

variable "catalog_id" {
  description = "Cosmos DB account."
  type        = string
}

variable "raw_id" {
  description = "Storage account of the zone raw."
  type        = string
}

variable "quarantine_name" {
  description = "Name of the storage account of the zone quarantine."
  type        = string
}

variable "quarantined_per_hour" {
  description = "Rejected measurements in an hour that need no alert."
  type        = number
}

variable "throttled_requests" {
  description = "Throttled requests in a quarter of an hour that need no alert: clients wait and repeat."
  type        = number
}

variable "budget" {
  description = "Monthly budget in the currency of the subscription, from the first day of a month (RFC 3339)."
  type        = object({ amount = number, start_date = string })
}

variable "tags" {
  description = "Tags of every resource."
  type        = map(string)
}
