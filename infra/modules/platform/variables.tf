variable "environment" {
  description = "Which environment this is; part of every name."
  type        = string

  validation {
    condition     = contains(["dev", "qa", "prod"], var.environment)
    error_message = "The environment is dev, qa or prod."
  }
}

variable "name_prefix" {
  description = "First part of every name; together with the environment short enough for storage accounts."
  type        = string
  default     = "avdo"

  validation {
    condition     = can(regex("^[a-z][a-z0-9]{1,5}$", var.name_prefix))
    error_message = "The prefix is 2 to 6 lower-case letters and digits, starting with a letter."
  }
}

variable "subscription_id" {
  description = "Subscription; its hash makes global names unique."
  type        = string

  validation {
    condition     = can(regex("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", var.subscription_id))
    error_message = "A subscription id is a UUID in lower case."
  }
}

variable "tenant_id" {
  description = "Entra tenant of the subscription."
  type        = string

  validation {
    condition     = can(regex("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", var.tenant_id))
    error_message = "A tenant id is a UUID in lower case."
  }
}

variable "location" {
  description = "Azure region of everything. Batch, Data Factory's managed network and the chosen replication must exist there."
  type        = string
}

variable "paired_location" {
  description = "Second region of catalog and registry; null: none. Storage follows Azure's own region pair."
  type        = string
  default     = null
}

variable "zone_redundant" {
  description = "Spread catalog, registry and orchestrators over availability zones."
  type        = bool
  default     = false
}

variable "address_space" {
  description = "IPv4 range of the network. Must not overlap with what it is peered with."
  type        = string
  default     = "10.64.0.0/20"

  validation {
    condition     = can(cidrhost(var.address_space, 0)) && tonumber(split("/", var.address_space)[1]) <= 22
    error_message = "Give a range of /22 or larger: every node needs an address."
  }
}

variable "storage_replication" {
  description = "Copies of each storage account: LRS, ZRS, GRS, RAGRS, GZRS, RAGZRS. The archive tier excludes zone redundancy."
  type = object({
    landing    = string
    raw        = string
    derived    = string
    labeled    = string
    archive    = string
    quarantine = string
    operations = string
  })

  validation {
    condition     = alltrue([for copies in values(var.storage_replication) : contains(["LRS", "ZRS", "GRS", "RAGRS", "GZRS", "RAGZRS"], copies)])
    error_message = "Replication is LRS, ZRS, GRS, RAGRS, GZRS or RAGZRS."
  }

  validation {
    condition     = contains(["LRS", "GRS", "RAGRS"], var.storage_replication.archive)
    error_message = "The archive tier does not exist on zone-redundant accounts: use LRS, GRS or RAGRS for archive."
  }
}

variable "days" {
  description = "How long what is kept where. Nothing in landing, raw, derived, labeled and archive is ever deleted by a rule."
  type = object({
    raw_cool          = optional(number, 30)
    raw_cold          = optional(number, 90)
    derived_cool      = optional(number, 90)
    labeled_cool      = optional(number, 90)
    archive           = optional(number, 7)
    quarantine_delete = optional(number, 365)
    operations_delete = optional(number, 30)
    previous_versions = optional(number, 14)
    soft_delete       = optional(number, 14)
    untagged_image    = optional(number, 30)
    logs              = optional(number, 90)
  })
  default = {}

  validation {
    condition     = var.days.quarantine_delete == null ? true : var.days.quarantine_delete >= 90
    error_message = "Rejected measurements are kept for at least 90 days: somebody has to look at them. null keeps them for ever."
  }

  validation {
    condition     = var.days.raw_cold > var.days.raw_cool
    error_message = "raw_cold must be later than raw_cool."
  }

  validation {
    condition     = var.days.soft_delete >= 7 && var.days.soft_delete <= 365 && var.days.previous_versions >= 7
    error_message = "Soft delete and previous versions take at least 7 days, soft delete at most 365."
  }

  validation {
    condition     = var.days.operations_delete >= 30
    error_message = "Data Factory's job files stay for at least 30 days, like its run history."
  }

  validation {
    condition     = var.days.logs >= 30 && var.days.logs <= 730
    error_message = "Log Analytics keeps logs for 30 to 730 days."
  }
}

variable "catalog_database" {
  description = "Database of the catalog."
  type        = string
  default     = "avdataops"
}

variable "catalog_max_throughput" {
  description = "Upper end of autoscale in RU/s by container; default is for the others. Autoscale goes down to a tenth."
  type        = map(number)
  default     = { default = 1000 }

  validation {
    condition     = contains(keys(var.catalog_max_throughput), "default") && alltrue([for ru in values(var.catalog_max_throughput) : ru >= 1000 && ru % 1000 == 0])
    error_message = "Give default, and multiples of 1000 RU/s."
  }
}

variable "catalog_backup_tier" {
  description = "How far back the catalog can be restored: Continuous7Days or Continuous30Days."
  type        = string
  default     = "Continuous7Days"

  validation {
    condition     = contains(["Continuous7Days", "Continuous30Days"], var.catalog_backup_tier)
    error_message = "The tier is Continuous7Days or Continuous30Days."
  }
}

variable "execution_max_nodes" {
  description = "Largest size of the execution pool, Spot and dedicated; null: what pipelines/batch_pool.json says. The core quota must allow it."
  type        = object({ spot = optional(number), dedicated = optional(number) })
  default     = {}
}

variable "orchestrator" {
  description = "Orchestrator pool: machine, nodes, orchestrators at once on a node, and the folder of container packages with its wheels."
  type = object({
    vm_size        = optional(string, "standard_d4ds_v5")
    nodes          = optional(number, 1)
    slots_per_node = optional(number, 8)
    package        = string
  })

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9.-]*$", var.orchestrator.package))
    error_message = "The package is one folder name: lower-case letters, digits, dots and dashes."
  }
}

variable "image" {
  description = "Worker image by digest, or null before the first push. Triggers stay stopped until there is one."
  type        = string
  default     = null

  validation {
    condition     = var.image == null ? true : can(regex("^[a-z0-9.-]+/[a-z0-9/._-]+@sha256:[0-9a-f]{64}$", var.image))
    error_message = "Name the image by its digest: registry/repository@sha256:..."
  }
}

variable "api" {
  description = "The Metadata API: its image by digest, the client id of its app registration, how many copies; null: not deployed."
  type = object({
    image        = string
    audience     = string
    min_replicas = optional(number, 1)
    max_replicas = optional(number, 3)
  })
  default = null

  validation {
    condition     = var.api == null ? true : can(regex("^[a-z0-9.-]+/[a-z0-9/._-]+@sha256:[0-9a-f]{64}$", var.api.image))
    error_message = "Name the image by its digest: registry/repository@sha256:..."
  }

  validation {
    condition     = var.api == null ? true : can(regex("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", var.api.audience))
    error_message = "The audience is the client id of the app registration, a UUID in lower case."
  }

  validation {
    condition     = var.api == null ? true : var.api.min_replicas >= 1 && var.api.max_replicas >= var.api.min_replicas
    error_message = "At least one copy runs, and the most is not less than the least."
  }
}

variable "triggers_started" {
  description = "Whether Data Factory's triggers run. Set to false, apply, and set back when a trigger's file has changed."
  type        = bool
  default     = true
}

variable "batch_allowed_ip_ranges" {
  description = "Public addresses that may call the Batch account, where Data Factory cannot take its private endpoint; empty: none."
  type        = list(string)
  default     = []
}

variable "alert_secret_name" {
  description = "Name of the secret with the address of the alert webhook; its value is set by an operator, never by Terraform."
  type        = string
  default     = "alert-webhook"
}

variable "alert_emails" {
  description = "Addresses that alerts and budget notices go to."
  type        = list(string)

  validation {
    condition     = length(var.alert_emails) > 0
    error_message = "Somebody must be told."
  }
}

variable "alert_limits" {
  description = "What needs no alert yet: rejected measurements in an hour, throttled requests in a quarter of an hour."
  type = object({
    quarantined_per_hour = optional(number, 0)
    throttled_requests   = optional(number, 100)
  })
  default = {}
}

variable "budget" {
  description = "Monthly budget in the currency of the subscription, from the first day of a month (RFC 3339)."
  type        = object({ amount = number, start_date = string })

  validation {
    condition     = var.budget.amount > 0 && can(regex("^[0-9]{4}-[0-9]{2}-01T00:00:00Z$", var.budget.start_date))
    error_message = "A budget is positive and starts on the first day of a month, such as 2027-01-01T00:00:00Z."
  }
}

variable "groups" {
  description = "Object ids of Entra groups: who uploads, who reads, who operates. Without an id nobody has those rights."
  type = object({
    uploaders = optional(string)
    readers   = optional(string)
    operators = optional(string)
  })
  default = {}
}

variable "log_storage_reads" {
  description = "Log every read of every blob: who saw which recording, at a price per gigabyte of log."
  type        = bool
  default     = false
}

variable "log_daily_quota_gb" {
  description = "Gigabytes of logs a day after which ingestion stops until the next; -1: no limit."
  type        = number
  default     = -1
}

variable "tags" {
  description = "Tags of every resource, beside product, environment and managed_by."
  type        = map(string)
  default     = {}
}
