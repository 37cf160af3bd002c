# Logs, alerts and the budget.

module "observability" {
  source              = "../observability"
  name                = local.name
  resource_group_name = azurerm_resource_group.this.name
  location            = var.location
  retention_days      = var.days.logs
  daily_quota_gb      = var.log_daily_quota_gb
  emails              = var.alert_emails
  tags                = local.tags
}

locals {
  storage_logs = concat(["StorageWrite", "StorageDelete"], var.log_storage_reads ? ["StorageRead"] : [])
  logged = merge(
    {
      for zone, account in module.storage : "storage-${zone}" => {
        id         = "${account.id}/blobServices/default"
        categories = local.storage_logs
        metrics    = "Transaction"
      }
    },
    {
      catalog = {
        id         = module.catalog.id
        categories = ["DataPlaneRequests", "PartitionKeyRUConsumption", "ControlPlaneRequests"]
        metrics    = "Requests"
      }
      batch    = { id = module.batch.id, categories = ["ServiceLog", "AuditLog"], metrics = "AllMetrics" }
      factory  = { id = module.factory.id, categories = ["ActivityRuns", "PipelineRuns", "TriggerRuns"], metrics = "AllMetrics" }
      registry = { id = module.registry.id, categories = ["ContainerRegistryLoginEvents", "ContainerRegistryRepositoryEvents"], metrics = "AllMetrics" }
      vault    = { id = module.keys.vault_id, categories = ["AuditEvent"], metrics = "AllMetrics" }
    },
    var.api == null ? {} : {
      api = { id = module.api[0].environment_id, categories = ["ContainerAppConsoleLogs", "ContainerAppSystemLogs"], metrics = "AllMetrics" }
    },
  )
}

module "watch" {
  source               = "../watch"
  name                 = local.name
  resource_group_name  = azurerm_resource_group.this.name
  resource_group_id    = azurerm_resource_group.this.id
  location             = var.location
  workspace_id         = module.observability.workspace_id
  action_group_id      = module.observability.action_group_id
  logged               = local.logged
  factory_id           = module.factory.id
  batch_id             = module.batch.id
  catalog_id           = module.catalog.id
  raw_id               = module.storage["raw"].id
  quarantine_name      = module.storage["quarantine"].name
  quarantined_per_hour = var.alert_limits.quarantined_per_hour
  throttled_requests   = var.alert_limits.throttled_requests
  budget               = var.budget
  tags                 = local.tags
}
