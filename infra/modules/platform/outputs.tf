output "environment" {
  description = "What avdataops reads from the environment to use this platform: the command line, and the orchestrator where it is not started by Data Factory."
  value = merge(
    { for zone, endpoint in local.settings.storage : "AVDATAOPS_AZURE__STORAGE__${upper(zone)}" => endpoint },
    {
      AVDATAOPS_ENGINE                 = "azure-batch"
      AVDATAOPS_AZURE__BATCH_ENDPOINT  = local.settings.batch_endpoint
      AVDATAOPS_AZURE__BATCH_POOL      = local.settings.batch_pool
      AVDATAOPS_AZURE__POOL_IDENTITY   = local.settings.pool_identity
      AVDATAOPS_AZURE__COSMOS_ENDPOINT = local.settings.cosmos_endpoint
      AVDATAOPS_AZURE__COSMOS_DATABASE = local.settings.cosmos_database
    },
    var.image == null ? {} : { AVDATAOPS_AZURE__IMAGE = var.image },
  )
}

output "client_ids" {
  description = "Client ids of the identities, for AVDATAOPS_AZURE__CLIENT_ID where one of them runs."
  value       = { for name, identity in azurerm_user_assigned_identity.this : name => identity.client_id }
}

output "names" {
  description = "Names that the commands of docs/azure.md need."
  value = {
    resource_group     = azurerm_resource_group.this.name
    registry           = module.registry.login_server
    factory            = module.factory.name
    batch              = module.batch.name
    vault_uri          = module.keys.vault_uri
    operations_account = module.storage["operations"].name
    landing_account    = module.storage["landing"].name
  }
}

output "connection_string" {
  description = "APPLICATIONINSIGHTS_CONNECTION_STRING, where telemetry goes."
  value       = module.observability.connection_string
  sensitive   = true
}

output "api_address" {
  description = "Where the Metadata API and its pages answer, inside of the network; null where it is not deployed."
  value       = var.api == null ? null : module.api[0].address
}
