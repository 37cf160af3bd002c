variable "grants" {
  description = "Who may what on which resource, and why."
  type        = map(object({ who = string, role = string, on = string, why = string }))
}

variable "principals" {
  description = "Object ids by name, as in the column who."
  type        = map(string)
}

variable "scopes" {
  description = "Resource ids by name, as in the column on."
  type        = map(string)
}

variable "resource_group_name" {
  description = "Resource group of the catalog."
  type        = string
}

variable "catalog_account_name" {
  description = "Cosmos DB account."
  type        = string
}

variable "catalog_database" {
  description = "Database of the catalog."
  type        = string
}
