# Cosmos DB: the catalog.  Which containers there are, how they are partitioned and what is indexed
# stands in schemas/cosmos.json, where the adapter and its tests read it too.

locals {
  model      = jsondecode(file("${var.schemas_path}/cosmos.json"))
  containers = { for container in local.model.containers : container.name => container }

  regions = concat(
    [{ location = var.place.location, priority = 0, zones = var.zone_redundant }],
    var.paired_location == null ? [] : [{ location = var.paired_location, priority = 1, zones = false }]
  )
}

resource "azurerm_cosmosdb_account" "this" {
  name                                  = var.account_name
  resource_group_name                   = var.place.resource_group_name
  location                              = var.place.location
  offer_type                            = "Standard"
  kind                                  = "GlobalDocumentDB"
  local_authentication_disabled         = true
  access_key_metadata_writes_enabled    = false
  public_network_access_enabled         = false
  network_acl_bypass_for_azure_services = false
  minimal_tls_version                   = "Tls12"
  automatic_failover_enabled            = var.paired_location != null
  multiple_write_locations_enabled      = false
  key_vault_key_id                      = var.encryption.key_id
  default_identity_type                 = "UserAssignedIdentity=${var.encryption.identity_id}"
  tags                                  = var.place.tags

  identity {
    type         = "UserAssigned"
    identity_ids = [var.encryption.identity_id]
  }

  # A client may ask for less than the account gives, never for more.
  consistency_policy {
    consistency_level = local.model.consistency
  }

  dynamic "geo_location" {
    for_each = local.regions
    content {
      location          = geo_location.value.location
      failover_priority = geo_location.value.priority
      zone_redundant    = geo_location.value.zones
    }
  }

  backup {
    type = "Continuous"
    tier = var.backup_tier
  }

  lifecycle {
    prevent_destroy = true
  }
}

resource "azurerm_cosmosdb_sql_database" "this" {
  name                = var.database
  resource_group_name = var.place.resource_group_name
  account_name        = azurerm_cosmosdb_account.this.name

  lifecycle {
    prevent_destroy = true
  }
}

# With azapi, because the policies go to the service exactly as the file says them.
resource "azapi_resource" "container" {
  for_each  = local.containers
  type      = "Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers@2024-11-15"
  parent_id = azurerm_cosmosdb_sql_database.this.id
  name      = each.key

  body = {
    properties = {
      resource = merge(
        {
          id             = each.key
          indexingPolicy = each.value.indexingPolicy
          partitionKey = {
            kind    = "Hash"
            paths   = [each.value.partitionKey]
            version = 2
          }
        },
        each.value.defaultTtl == null ? {} : { defaultTtl = each.value.defaultTtl },
      )
      options = {
        autoscaleSettings = { maxThroughput = lookup(var.max_throughput, each.key, var.max_throughput["default"]) }
      }
    }
  }

  # The service returns throughput elsewhere, so that a change of it is seen by nobody but the plan.
  ignore_missing_property = true
  response_export_values  = []

  lifecycle {
    prevent_destroy = true
  }
}

module "private_endpoint" {
  source      = "../private_endpoint"
  name        = var.account_name
  target_id   = azurerm_cosmosdb_account.this.id
  subresource = "Sql"
  dns_zone_id = var.dns_zone_id
  place       = var.place
}
