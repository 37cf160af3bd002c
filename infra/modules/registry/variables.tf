variable "registry_name" {
  description = "Globally unique name of the registry, letters and digits."
  type        = string

  validation {
    condition     = can(regex("^[a-zA-Z0-9]{5,50}$", var.registry_name))
    error_message = "A registry's name is 5 to 50 letters and digits."
  }
}

variable "zone_redundant" {
  description = "Keep copies in several availability zones."
  type        = bool
}

variable "paired_location" {
  description = "Region of a second copy; null: none."
  type        = string
}

variable "untagged_days" {
  description = "Days that an image which lost its tag is kept."
  type        = number
}

variable "dns_zone_id" {
  description = "Private DNS zone of registries."
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
