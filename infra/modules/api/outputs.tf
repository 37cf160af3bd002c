output "address" {
  description = "Where the API and its pages answer, inside of the network."
  value       = "https://${azurerm_container_app.this.ingress[0].fqdn}"
}

output "environment_id" {
  description = "The environment, for its diagnostic settings."
  value       = azurerm_container_app_environment.this.id
}
