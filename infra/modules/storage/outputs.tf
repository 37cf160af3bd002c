output "id" {
  description = "Resource id of the account."
  value       = azurerm_storage_account.this.id
}

output "name" {
  description = "Name of the account."
  value       = azurerm_storage_account.this.name
}

output "blob_endpoint" {
  description = "Address of the account's blob service, with a slash at its end."
  value       = azurerm_storage_account.this.primary_blob_endpoint
}
