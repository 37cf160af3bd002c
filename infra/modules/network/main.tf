# One virtual network: a subnet for private endpoints, one for each Batch pool.
# Nodes have no public address; what they must reach outside (Batch node agent images, the clock)
# goes through the NAT gateway, because new networks have no default way out since March 2026.

resource "azurerm_virtual_network" "this" {
  name                = "vnet-${var.name}"
  resource_group_name = var.resource_group_name
  location            = var.location
  address_space       = [var.address_space]
  tags                = var.tags
}

locals {
  subnets = {
    endpoints    = 0
    orchestrator = 1
    execution    = 2
  }
}

resource "azurerm_subnet" "this" {
  for_each                          = local.subnets
  name                              = "snet-${each.key}"
  resource_group_name               = var.resource_group_name
  virtual_network_name              = azurerm_virtual_network.this.name
  address_prefixes                  = [cidrsubnet(var.address_space, 2, each.value)]
  default_outbound_access_enabled   = false
  private_endpoint_network_policies = "Enabled"
}

# Nobody reaches a node from outside, and nodes do not talk to each other: tasks meet in storage.
resource "azurerm_network_security_group" "nodes" {
  name                = "nsg-${var.name}-nodes"
  resource_group_name = var.resource_group_name
  location            = var.location
  tags                = var.tags

  security_rule {
    name                       = "deny-all-inbound"
    description                = "Simplified node communication needs no inbound connection."
    priority                   = 4000
    direction                  = "Inbound"
    access                     = "Deny"
    protocol                   = "*"
    source_address_prefix      = "*"
    source_port_range          = "*"
    destination_address_prefix = "*"
    destination_port_range     = "*"
  }
}

resource "azurerm_network_security_group" "endpoints" {
  name                = "nsg-${var.name}-endpoints"
  resource_group_name = var.resource_group_name
  location            = var.location
  tags                = var.tags

  security_rule {
    name                       = "allow-https-from-network"
    description                = "Private endpoints serve HTTPS to this network and its peers."
    priority                   = 100
    direction                  = "Inbound"
    access                     = "Allow"
    protocol                   = "Tcp"
    source_address_prefix      = "VirtualNetwork"
    source_port_range          = "*"
    destination_address_prefix = "*"
    destination_port_range     = "443"
  }

  security_rule {
    name                       = "deny-all-inbound"
    description                = "Nothing else."
    priority                   = 4000
    direction                  = "Inbound"
    access                     = "Deny"
    protocol                   = "*"
    source_address_prefix      = "*"
    source_port_range          = "*"
    destination_address_prefix = "*"
    destination_port_range     = "*"
  }
}

resource "azurerm_subnet_network_security_group_association" "this" {
  for_each  = azurerm_subnet.this
  subnet_id = each.value.id
  network_security_group_id = (
    each.key == "endpoints" ? azurerm_network_security_group.endpoints.id : azurerm_network_security_group.nodes.id
  )
}

resource "azurerm_public_ip" "out" {
  name                = "pip-${var.name}-out"
  resource_group_name = var.resource_group_name
  location            = var.location
  allocation_method   = "Static"
  sku                 = "Standard"
  zones               = var.zone_redundant ? ["1"] : null
  tags                = var.tags
}

resource "azurerm_nat_gateway" "out" {
  name                = "nat-${var.name}"
  resource_group_name = var.resource_group_name
  location            = var.location
  sku_name            = "Standard"
  zones               = var.zone_redundant ? ["1"] : null
  tags                = var.tags
}

resource "azurerm_nat_gateway_public_ip_association" "out" {
  nat_gateway_id       = azurerm_nat_gateway.out.id
  public_ip_address_id = azurerm_public_ip.out.id
}

resource "azurerm_subnet_nat_gateway_association" "out" {
  for_each       = { for name, subnet in azurerm_subnet.this : name => subnet if name != "endpoints" }
  subnet_id      = each.value.id
  nat_gateway_id = azurerm_nat_gateway.out.id
}

locals {
  dns_zones = {
    blob     = "privatelink.blob.core.windows.net"
    dfs      = "privatelink.dfs.core.windows.net"
    cosmos   = "privatelink.documents.azure.com"
    batch    = "privatelink.batch.azure.com"
    registry = "privatelink.azurecr.io"
    vault    = "privatelink.vaultcore.azure.net"
    factory  = "privatelink.datafactory.azure.net"
  }
}

resource "azurerm_private_dns_zone" "this" {
  for_each            = local.dns_zones
  name                = each.value
  resource_group_name = var.resource_group_name
  tags                = var.tags
}

resource "azurerm_private_dns_zone_virtual_network_link" "this" {
  for_each              = azurerm_private_dns_zone.this
  name                  = "link-${var.name}"
  resource_group_name   = var.resource_group_name
  private_dns_zone_name = each.value.name
  virtual_network_id    = azurerm_virtual_network.this.id
  tags                  = var.tags
}
