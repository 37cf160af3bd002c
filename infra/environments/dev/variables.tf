variable "subscription_id" {
  description = "Subscription of this environment."
  type        = string
}

variable "tenant_id" {
  description = "Entra tenant of the subscription."
  type        = string
}

variable "location" {
  description = "Azure region."
  type        = string
  default     = "westeurope"
}

variable "image" {
  description = "Worker image by digest; null before the first push."
  type        = string
  default     = null
}

variable "package" {
  description = "Folder of container packages with the orchestrator's wheels, such as 0.1.0."
  type        = string
}

variable "api" {
  description = "The Metadata API: image by digest, client id of its app registration; null: not deployed."
  type        = object({ image = string, audience = string, min_replicas = optional(number), max_replicas = optional(number) })
  default     = null
}

variable "triggers_started" {
  description = "Whether Data Factory's triggers run."
  type        = bool
  default     = true
}

variable "alert_emails" {
  description = "Addresses that alerts go to."
  type        = list(string)
}

variable "budget" {
  description = "Monthly budget and its first month."
  type        = object({ amount = number, start_date = string })
}

variable "groups" {
  description = "Object ids of the Entra groups uploaders, readers, operators."
  type        = object({ uploaders = optional(string), readers = optional(string), operators = optional(string) })
  default     = {}
}

variable "batch_allowed_ip_ranges" {
  description = "Public addresses that may call the Batch account; empty: none."
  type        = list(string)
  default     = []
}
