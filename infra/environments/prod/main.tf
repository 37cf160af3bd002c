# Environment prod.  State: docs/azure.md, First apply.

terraform {
  required_version = ">= 1.9"

  required_providers {
    azapi = {
      source  = "Azure/azapi"
      version = "~> 2.4"
    }
    azurerm = {
      source  = "hashicorp/azurerm"
      version = "~> 4.55"
    }
  }

  # resource_group_name and storage_account_name come with -backend-config.
  backend "azurerm" {
    container_name   = "tfstate"
    key              = "avdataops-prod.tfstate"
    use_azuread_auth = true
  }
}

provider "azurerm" {
  subscription_id     = var.subscription_id
  storage_use_azuread = true

  features {
    key_vault {
      purge_soft_delete_on_destroy = false
    }
    resource_group {
      prevent_deletion_if_contains_resources = true
    }
  }
}

provider "azapi" {
  subscription_id = var.subscription_id
}

# What cannot be made again (recordings, labels) is kept in a second region, readable there; what can
# be made again, and what still lies on the logger, in three zones of one.
module "platform" {
  source                  = "../../modules/platform"
  environment             = "prod"
  subscription_id         = var.subscription_id
  tenant_id               = var.tenant_id
  location                = var.location
  image                   = var.image
  api                     = var.api
  triggers_started        = var.triggers_started
  alert_emails            = var.alert_emails
  budget                  = var.budget
  groups                  = var.groups
  batch_allowed_ip_ranges = var.batch_allowed_ip_ranges
  paired_location         = var.paired_location
  address_space           = "10.64.32.0/20"
  zone_redundant          = true
  orchestrator            = { package = var.package, nodes = 2 }
  catalog_max_throughput  = { default = 1000, catalog = 10000, scenes = 20000 }
  catalog_backup_tier     = "Continuous30Days"
  log_storage_reads       = true

  storage_replication = {
    landing    = "ZRS"
    raw        = "RAGZRS"
    derived    = "ZRS"
    labeled    = "RAGZRS"
    archive    = "RAGRS"
    quarantine = "ZRS"
    operations = "ZRS"
  }

  days = {
    soft_delete = 30
    logs        = 365
  }
}
