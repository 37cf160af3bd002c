variable "account_name" {
  description = "Name of the Batch account, unique in its region."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9]{3,24}$", var.account_name))
    error_message = "A Batch account's name is 3 to 24 lower-case letters and digits."
  }
}

variable "pipelines_path" {
  description = "Folder with batch_pool.json and batch_start_task.sh."
  type        = string
}

variable "max_nodes" {
  description = "Largest size of the execution pool; null: what batch_pool.json says."
  type        = object({ spot = optional(number), dedicated = optional(number) })
}

variable "orchestrator" {
  description = "Orchestrator pool: machine, number of nodes, tasks at once on each, and the folder of container packages that holds its wheels."
  type = object({
    vm_size        = string
    nodes          = number
    slots_per_node = number
    package        = string
  })
}

variable "image" {
  description = "Worker image with its digest, fetched before the first task; null: none yet."
  type        = string
}

variable "identities" {
  description = "Identities of the two pools and of Data Factory."
  type = object({
    orchestrator = object({ id = string })
    execution    = object({ id = string })
    factory      = object({ id = string })
  })
}

variable "registry_login_server" {
  description = "Registry that the execution pool pulls from."
  type        = string
}

variable "operations_account_id" {
  description = "Storage account of packages, Data Factory's job files and task logs."
  type        = string
}

variable "operations_blob_endpoint" {
  description = "Blob address of that account, with a slash at its end."
  type        = string
}

variable "raw_account_name" {
  description = "Storage account of the zone raw, mounted read-only."
  type        = string
}

variable "subnet_ids" {
  description = "Subnets of the pools: orchestrator, execution."
  type        = map(string)
}

variable "allowed_ip_ranges" {
  description = "Public addresses that may call the Batch account; empty: private endpoints only."
  type        = list(string)

  validation {
    condition     = alltrue([for range in var.allowed_ip_ranges : can(cidrhost(range, 0)) && !endswith(range, "/0")])
    error_message = "Give CIDR ranges, and not the whole Internet."
  }
}

variable "zone_redundant" {
  description = "Spread orchestrator nodes over availability zones."
  type        = bool
}

variable "dns_zone_id" {
  description = "Private DNS zone of Batch accounts."
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
