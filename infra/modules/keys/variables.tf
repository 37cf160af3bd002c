variable "name" {
  description = "Middle part of resource names."
  type        = string
}

variable "vault_name" {
  description = "Globally unique name of the vault."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,22}[a-z0-9]$", var.vault_name))
    error_message = "A vault's name is 3 to 24 letters, digits and dashes, starting with a letter."
  }
}

variable "tenant_id" {
  description = "Entra tenant of the subscription."
  type        = string
}

variable "grants" {
  description = "Rows of the access table about the vault."
  type        = map(object({ who = string, role = string, on = string, why = string }))

  validation {
    condition     = alltrue([for grant in values(var.grants) : grant.who == "encryption" && grant.on == "vault"])
    error_message = "Only the encryption identity may have access to the vault."
  }
}

variable "dns_zone_id" {
  description = "Private DNS zone of vaults."
  type        = string
}

variable "place" {
  description = "Where the vault and its private endpoint live."
  type = object({
    resource_group_name = string
    location            = string
    subnet_id           = string
    tags                = map(string)
  })
}
