output "id" {
  description = "Resource id of the account."
  value       = azurerm_cosmosdb_account.this.id
}

output "name" {
  description = "Name of the account."
  value       = azurerm_cosmosdb_account.this.name
}

output "endpoint" {
  description = "HTTPS address of the account."
  value       = azurerm_cosmosdb_account.this.endpoint
}

output "database" {
  description = "Name of the database."
  value       = azurerm_cosmosdb_sql_database.this.name
}
