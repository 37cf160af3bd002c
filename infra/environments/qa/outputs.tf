output "environment" {
  description = "Settings of avdataops for this environment, as environment variables."
  value       = module.platform.environment
}

output "client_ids" {
  description = "Client ids of the identities."
  value       = module.platform.client_ids
}

output "names" {
  description = "Names that the commands of docs/azure.md need."
  value       = module.platform.names
}

output "connection_string" {
  description = "Where telemetry goes."
  value       = module.platform.connection_string
  sensitive   = true
}

output "api_address" {
  description = "Where the Metadata API and its pages answer, inside of the network."
  value       = module.platform.api_address
}
