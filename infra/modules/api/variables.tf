variable "name" {
  description = "Name of the platform; part of the names made here."
  type        = string
}

variable "image" {
  description = "API image by digest."
  type        = string
}

variable "identity" {
  description = "The identity that reads catalog and storage and pulls the image."
  type        = object({ id = string, client_id = string })
}

variable "registry_login_server" {
  description = "Registry that the image comes from."
  type        = string
}

variable "settings" {
  description = "What the app reads from its environment, by name; no value is a secret."
  type        = map(string)
}

variable "replicas" {
  description = "Least and most copies of the app."
  type        = object({ min = number, max = number })
}

variable "zone_redundant" {
  description = "Spread the copies over availability zones."
  type        = bool
}

variable "network_id" {
  description = "Network whose clients look the app up."
  type        = string
}

variable "place" {
  description = "Where: resource group, region, the subnet delegated to Container Apps, tags."
  type        = object({ resource_group_name = string, location = string, subnet_id = string, tags = map(string) })
}
