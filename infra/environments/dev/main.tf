# Environment dev.  State: docs/azure.md, First apply.

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
    key              = "avdataops-dev.tfstate"
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

# Small, cheap, in one zone; what is lost is made again.
module "platform" {
  source                  = "../../modules/platform"
  environment             = "dev"
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
  address_space           = "10.64.0.0/20"
  orchestrator            = { package = var.package, vm_size = "standard_d2ds_v5" }
  execution_max_nodes     = { spot = 4, dedicated = 1 }
  log_daily_quota_gb      = 2

  storage_replication = {
    landing    = "LRS"
    raw        = "LRS"
    derived    = "LRS"
    labeled    = "LRS"
    archive    = "LRS"
    quarantine = "LRS"
    operations = "LRS"
  }

  days = {
    raw_cool          = 7
    raw_cold          = 30
    quarantine_delete = 90
    previous_versions = 7
    soft_delete       = 7
    logs              = 30
  }
}
