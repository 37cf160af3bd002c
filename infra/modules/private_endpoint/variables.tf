variable "name" {
  description = "Name of the connection; the endpoint is called pe-<name>."
  type        = string
}

variable "target_id" {
  description = "Resource that the endpoint leads to."
  type        = string
}

variable "subresource" {
  description = "Part of the resource that it leads to, such as blob or batchAccount."
  type        = string
}

variable "dns_zone_id" {
  description = "Private DNS zone that resolves the resource's name to the endpoint."
  type        = string
}

variable "place" {
  description = "Where endpoints live."
  type = object({
    resource_group_name = string
    location            = string
    subnet_id           = string
    tags                = map(string)
  })
}
