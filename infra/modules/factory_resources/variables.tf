variable "factory_id" {
  description = "Data factory."
  type        = string
}

variable "kind" {
  description = "Resource type below factories, such as pipelines."
  type        = string
}

variable "resources" {
  description = "Value of properties by name of the resource."
  type        = any
}
