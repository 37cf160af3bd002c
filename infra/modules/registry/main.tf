# Container registry of the worker, orchestrator and API images.

resource "azurerm_container_registry" "this" {
  name                          = var.registry_name
  resource_group_name           = var.place.resource_group_name
  location                      = var.place.location
  sku                           = "Premium"
  admin_enabled                 = false
  anonymous_pull_enabled        = false
  public_network_access_enabled = false
  data_endpoint_enabled         = true
  export_policy_enabled         = false
  zone_redundancy_enabled       = var.zone_redundant
  retention_policy_in_days      = var.untagged_days
  tags                          = var.place.tags

  dynamic "georeplications" {
    for_each = var.paired_location == null ? [] : [var.paired_location]
    content {
      location                = georeplications.value
      zone_redundancy_enabled = var.zone_redundant
      tags                    = var.place.tags
    }
  }
}

module "private_endpoint" {
  source      = "../private_endpoint"
  name        = var.registry_name
  target_id   = azurerm_container_registry.this.id
  subresource = "registry"
  dns_zone_id = var.dns_zone_id
  place       = var.place
}
