variable "factory_name" {
  description = "Globally unique name of the factory."
  type        = string

  validation {
    condition     = can(regex("^[a-zA-Z0-9][a-zA-Z0-9-]{1,61}[a-zA-Z0-9]$", var.factory_name))
    error_message = "A factory's name is 3 to 63 letters, digits and dashes."
  }
}

variable "pipelines_path" {
  description = "Folder with adf/."
  type        = string
}

variable "identity_id" {
  description = "User-assigned identity that the factory acts as."
  type        = string
}

variable "landing_id" {
  description = "Storage account whose events start pipelines: of uploads."
  type        = string
}

variable "labeled_id" {
  description = "Storage account whose events start pipelines: of label deliveries."
  type        = string
}

variable "parameters" {
  description = "Values of the global parameters of pipelines/adf/globalParameters."
  type        = any
}

variable "reaches" {
  description = "What the factory calls from its managed network: resource and part of it, by name."
  type        = map(object({ id = string, subresource = string }))
}

variable "triggers_started" {
  description = "Whether the triggers run."
  type        = bool
}

variable "dns_zone_id" {
  description = "Private DNS zone of data factories."
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
