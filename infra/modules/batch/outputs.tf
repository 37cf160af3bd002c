output "id" {
  description = "Resource id of the Batch account."
  value       = azurerm_batch_account.this.id
}

output "name" {
  description = "Name of the Batch account."
  value       = azurerm_batch_account.this.name
}

output "endpoint" {
  description = "HTTPS address of the Batch account."
  value       = "https://${azurerm_batch_account.this.account_endpoint}"
}

output "pools" {
  description = "Names of the pools: orchestrator, execution."
  value = {
    orchestrator = azurerm_batch_pool.orchestrator.name
    execution    = azurerm_batch_pool.execution.name
  }
}
