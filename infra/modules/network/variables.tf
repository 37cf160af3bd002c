variable "name" {
  description = "Middle part of resource names, such as avdops-dev."
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

variable "address_space" {
  description = "IPv4 range of the network; each subnet gets a quarter of it."
  type        = string
}

variable "zone_redundant" {
  description = "Pin the way out to an availability zone (a NAT gateway lives in exactly one)."
  type        = bool
}

variable "tags" {
  description = "Tags of every resource."
  type        = map(string)
}
