# Environment qa.  State: docs/azure.md, First apply.

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
    key              = "avdataops-qa.tfstate"
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

# As production in kind, smaller in size: zone-redundant storage, one region.
module "platform" {
  source                  = "../../modules/platform"
  environment             = "qa"
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
  address_space           = "10.64.16.0/20"
  zone_redundant          = true
  orchestrator            = { package = var.package }
  execution_max_nodes     = { spot = 10, dedicated = 2 }
  catalog_max_throughput  = { default = 1000, catalog = 2000, scenes = 4000 }
  log_daily_quota_gb      = 10

  storage_replication = {
    landing    = "ZRS"
    raw        = "ZRS"
    derived    = "ZRS"
    labeled    = "ZRS"
    archive    = "LRS"
    quarantine = "ZRS"
    operations = "ZRS"
  }

  days = {
    quarantine_delete = 90
  }
}
