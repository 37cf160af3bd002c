# A private endpoint with its name in a private DNS zone.

resource "azurerm_private_endpoint" "this" {
  name                = "pe-${var.name}"
  resource_group_name = var.place.resource_group_name
  location            = var.place.location
  subnet_id           = var.place.subnet_id
  tags                = var.place.tags

  private_service_connection {
    name                           = var.name
    is_manual_connection           = false
    private_connection_resource_id = var.target_id
    subresource_names              = [var.subresource]
  }

  private_dns_zone_group {
    name                 = "default"
    private_dns_zone_ids = [var.dns_zone_id]
  }
}
