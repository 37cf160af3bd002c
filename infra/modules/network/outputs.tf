output "subnet_ids" {
  description = "Subnet ids by purpose: endpoints, orchestrator, execution, api."
  value       = { for name, subnet in azurerm_subnet.this : name => subnet.id }
}

output "dns_zone_ids" {
  description = "Private DNS zone ids by service: blob, dfs, cosmos, batch, registry, vault, factory."
  value       = { for name, zone in azurerm_private_dns_zone.this : name => zone.id }
}

output "id" {
  description = "The network."
  value       = azurerm_virtual_network.this.id
}
