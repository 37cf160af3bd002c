# One storage account: a zone of the pipeline, or the operations account.
# Entra ID only: shared keys are off, so nothing here ever hands out a key or an account SAS.

resource "azurerm_storage_account" "this" {
  name                              = var.account_name
  resource_group_name               = var.place.resource_group_name
  location                          = var.place.location
  account_kind                      = "StorageV2"
  account_tier                      = "Standard"
  account_replication_type          = var.replication
  access_tier                       = "Hot"
  is_hns_enabled                    = var.hierarchical
  min_tls_version                   = "TLS1_2"
  https_traffic_only_enabled        = true
  shared_access_key_enabled         = false
  default_to_oauth_authentication   = true
  local_user_enabled                = false
  sftp_enabled                      = false
  nfsv3_enabled                     = false
  allow_nested_items_to_be_public   = false
  public_network_access_enabled     = false
  cross_tenant_replication_enabled  = false
  allowed_copy_scope                = "AAD"
  infrastructure_encryption_enabled = true
  tags                              = merge(var.place.tags, { zone = var.zone })

  # A user delegation SAS of more than a day is a mistake; it is logged, and the API issues minutes.
  sas_policy {
    expiration_period = "01.00:00:00"
    expiration_action = "Log"
  }

  network_rules {
    default_action = "Deny"
    bypass         = ["AzureServices"]
  }

  identity {
    type         = "UserAssigned"
    identity_ids = [var.encryption.identity_id]
  }

  customer_managed_key {
    user_assigned_identity_id = var.encryption.identity_id
    key_vault_key_id          = var.encryption.key_id
  }

  blob_properties {
    # Versions exist on flat accounts only; on hierarchical ones soft delete alone covers mistakes.
    versioning_enabled = !var.hierarchical

    delete_retention_policy {
      days = var.soft_delete_days
    }

    container_delete_retention_policy {
      days = var.soft_delete_days
    }
  }

  lifecycle {
    prevent_destroy = true

    precondition {
      condition     = var.rules.archive_after_days == null || !endswith(var.replication, "ZRS")
      error_message = "The archive tier does not exist on zone-redundant accounts: use LRS, GRS or RAGRS."
    }
  }
}

resource "azurerm_storage_container" "this" {
  for_each              = var.containers
  name                  = each.value
  storage_account_id    = azurerm_storage_account.this.id
  container_access_type = "private"
}

locals {
  tiers_or_deletes = anytrue([for days in values(var.rules) : days != null])
}

resource "azurerm_storage_management_policy" "this" {
  count              = local.tiers_or_deletes || !var.hierarchical ? 1 : 0
  storage_account_id = azurerm_storage_account.this.id

  dynamic "rule" {
    for_each = local.tiers_or_deletes ? [var.rules] : []
    content {
      name    = "age"
      enabled = true

      filters {
        blob_types   = ["blockBlob"]
        prefix_match = var.rule_prefixes
      }

      actions {
        base_blob {
          tier_to_cool_after_days_since_modification_greater_than    = rule.value.cool_after_days
          tier_to_cold_after_days_since_modification_greater_than    = rule.value.cold_after_days
          tier_to_archive_after_days_since_modification_greater_than = rule.value.archive_after_days
          delete_after_days_since_modification_greater_than          = rule.value.delete_after_days
        }
      }
    }
  }

  # What was overwritten or deleted on purpose is kept for a while, not for ever.
  dynamic "rule" {
    for_each = var.hierarchical ? [] : [var.version_days]
    content {
      name    = "previous-versions"
      enabled = true

      filters {
        blob_types = ["blockBlob"]
      }

      actions {
        version {
          delete_after_days_since_creation = rule.value
        }
      }
    }
  }
}

module "private_endpoint" {
  source      = "../private_endpoint"
  for_each    = var.hierarchical ? toset(["blob", "dfs"]) : toset(["blob"])
  name        = "${var.account_name}-${each.key}"
  target_id   = azurerm_storage_account.this.id
  subresource = each.key
  dns_zone_id = var.dns_zone_ids[each.key]
  place       = var.place
}
