output "id" {
  description = "Resource id of the factory."
  value       = azurerm_data_factory.this.id
}

output "name" {
  description = "Name of the factory."
  value       = azurerm_data_factory.this.name
}
