# One virtual network: a subnet for private endpoints, one for each Batch pool, one for the API.
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
    api          = 3
  }
  prefixes = { for name, number in local.subnets : name => cidrsubnet(var.address_space, 2, number) }
}

resource "azurerm_subnet" "this" {
  for_each                          = local.subnets
  name                              = "snet-${each.key}"
  resource_group_name               = var.resource_group_name
  virtual_network_name              = azurerm_virtual_network.this.name
  address_prefixes                  = [local.prefixes[each.key]]
  default_outbound_access_enabled   = false
  private_endpoint_network_policies = "Enabled"

  # Container Apps take only a subnet that is theirs.
  dynamic "delegation" {
    for_each = each.key == "api" ? ["Microsoft.App/environments"] : []
    content {
      name = "container-apps"
      service_delegation {
        name    = delegation.value
        actions = ["Microsoft.Network/virtualNetworks/subnets/join/action"]
      }
    }
  }
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

# What a Container Apps environment needs: its clients, its load balancer's probes, its own hosts.
resource "azurerm_network_security_group" "api" {
  name                = "nsg-${var.name}-api"
  resource_group_name = var.resource_group_name
  location            = var.location
  tags                = var.tags

  security_rule {
    name                       = "allow-https-from-network"
    description                = "Clients in this network and its peers; the load balancer hands 443 on to 31443."
    priority                   = 100
    direction                  = "Inbound"
    access                     = "Allow"
    protocol                   = "Tcp"
    source_address_prefix      = "VirtualNetwork"
    source_port_range          = "*"
    destination_address_prefix = "*"
    destination_port_ranges    = ["443", "31443"]
  }

  security_rule {
    name                       = "allow-probes"
    description                = "Azure's load balancer asks whether hosts live."
    priority                   = 110
    direction                  = "Inbound"
    access                     = "Allow"
    protocol                   = "Tcp"
    source_address_prefix      = "AzureLoadBalancer"
    source_port_range          = "*"
    destination_address_prefix = "*"
    destination_port_range     = "30000-32767"
  }

  security_rule {
    name                       = "allow-among-hosts"
    description                = "Hosts of the environment talk to each other, and to nobody else's."
    priority                   = 120
    direction                  = "Inbound"
    access                     = "Allow"
    protocol                   = "*"
    source_address_prefix      = local.prefixes["api"]
    source_port_range          = "*"
    destination_address_prefix = local.prefixes["api"]
    destination_port_range     = "*"
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

locals {
  security_groups = {
    api          = azurerm_network_security_group.api.id
    endpoints    = azurerm_network_security_group.endpoints.id
    orchestrator = azurerm_network_security_group.nodes.id
    execution    = azurerm_network_security_group.nodes.id
  }
}

resource "azurerm_subnet_network_security_group_association" "this" {
  for_each                  = azurerm_subnet.this
  subnet_id                 = each.value.id
  network_security_group_id = local.security_groups[each.key]
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
