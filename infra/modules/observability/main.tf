# One workspace for all logs, Application Insights over it, and who is told.

resource "azurerm_log_analytics_workspace" "this" {
  name                         = "log-${var.name}"
  resource_group_name          = var.resource_group_name
  location                     = var.location
  sku                          = "PerGB2018"
  retention_in_days            = var.retention_days
  daily_quota_gb               = var.daily_quota_gb
  local_authentication_enabled = false
  tags                         = var.tags
}

resource "azurerm_application_insights" "this" {
  name                          = "appi-${var.name}"
  resource_group_name           = var.resource_group_name
  location                      = var.location
  application_type              = "other"
  workspace_id                  = azurerm_log_analytics_workspace.this.id
  local_authentication_disabled = true
  tags                          = var.tags
}

resource "azurerm_monitor_action_group" "this" {
  name                = "ag-${var.name}"
  resource_group_name = var.resource_group_name
  short_name          = "avdataops"
  tags                = var.tags

  dynamic "email_receiver" {
    for_each = toset(var.emails)
    content {
      name                    = email_receiver.value
      email_address           = email_receiver.value
      use_common_alert_schema = true
    }
  }
}
