output "workspace_id" {
  description = "Log Analytics workspace."
  value       = azurerm_log_analytics_workspace.this.id
}

output "insights_id" {
  description = "Application Insights."
  value       = azurerm_application_insights.this.id
}

output "connection_string" {
  description = "Where OpenTelemetry sends to; useless without an Entra role, yet marked by the provider."
  value       = azurerm_application_insights.this.connection_string
  sensitive   = true
}

output "action_group_id" {
  description = "Whom alerts go to."
  value       = azurerm_monitor_action_group.this.id
}
