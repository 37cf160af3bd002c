# Diagnostic logs of every service, the alerts that somebody must act on, and the budget.

resource "azurerm_monitor_diagnostic_setting" "this" {
  for_each                   = var.logged
  name                       = "to-workspace"
  target_resource_id         = each.value.id
  log_analytics_workspace_id = var.workspace_id

  dynamic "enabled_log" {
    for_each = each.value.categories
    content {
      category = enabled_log.value
    }
  }

  enabled_metric {
    category = each.value.metrics
  }
}

locals {
  metric_alerts = {
    pipeline-failed = {
      why         = "A pipeline run failed: docs/azure.md, When something fails."
      on          = var.factory_id
      namespace   = "Microsoft.DataFactory/factories"
      metric      = "PipelineFailedRuns"
      aggregation = "Total"
      operator    = "GreaterThan"
      threshold   = 0
      dimensions  = {}
      severity    = 1
    }
    pipeline-slow = {
      why         = "A pipeline runs longer than its expected time."
      on          = var.factory_id
      namespace   = "Microsoft.DataFactory/factories"
      metric      = "PipelineElapsedTimeRuns"
      aggregation = "Total"
      operator    = "GreaterThan"
      threshold   = 0
      dimensions  = {}
      severity    = 2
    }
    nodes-unusable = {
      why         = "Nodes of a pool cannot be used."
      on          = var.batch_id
      namespace   = "Microsoft.Batch/batchAccounts"
      metric      = "UnusableNodeCount"
      aggregation = "Total"
      operator    = "GreaterThan"
      threshold   = 0
      dimensions  = {}
      severity    = 1
    }
    nodes-not-started = {
      why         = "The start task failed on nodes of a pool."
      on          = var.batch_id
      namespace   = "Microsoft.Batch/batchAccounts"
      metric      = "StartTaskFailedNodeCount"
      aggregation = "Total"
      operator    = "GreaterThan"
      threshold   = 0
      dimensions  = {}
      severity    = 1
    }
    catalog-throttled = {
      why         = "The catalog answers 429: raise max_throughput of the container."
      on          = var.catalog_id
      namespace   = "Microsoft.DocumentDB/databaseAccounts"
      metric      = "TotalRequests"
      aggregation = "Count"
      operator    = "GreaterThan"
      threshold   = var.throttled_requests
      dimensions  = { StatusCode = ["429"] }
      severity    = 2
    }
    raw-throttled = {
      why         = "The raw account is throttled: ask for higher limits, or slow the pool down."
      on          = var.raw_id
      namespace   = "Microsoft.Storage/storageAccounts"
      metric      = "Transactions"
      aggregation = "Total"
      operator    = "GreaterThan"
      threshold   = var.throttled_requests
      dimensions  = { ResponseType = ["ServerBusyError", "ClientThrottlingError", "ClientAccountBandwidthThrottlingError"] }
      severity    = 2
    }
  }

  log_alerts = {
    quarantined = {
      why    = "Measurements were rejected: avdataops measurements list, then show ID."
      query  = <<-KQL
        StorageBlobLogs
        | where AccountName == "${var.quarantine_name}" and StatusCode == 201
        | where OperationName in ("PutBlob", "PutBlockList") and ObjectKey endswith "/reason.json"
      KQL
      window = "PT1H"
      limit  = var.quarantined_per_hour
    }
    pool-stuck = {
      why    = "Tasks wait, yet no task has started for an hour: quota, image or autoscale."
      query  = <<-KQL
        AzureDiagnostics
        | where ResourceProvider == "MICROSOFT.BATCH" and Category == "ServiceLog"
        | summarize created = countif(OperationName == "TaskScheduleEvent" or OperationName == "TaskCreateEvent"), started = countif(OperationName == "TaskStartEvent")
        | where created > 0 and started == 0
      KQL
      window = "PT1H"
      limit  = 0
    }
  }
}

resource "azurerm_monitor_metric_alert" "this" {
  for_each            = local.metric_alerts
  name                = "${var.name}-${each.key}"
  description         = each.value.why
  resource_group_name = var.resource_group_name
  scopes              = [each.value.on]
  severity            = each.value.severity
  frequency           = "PT5M"
  window_size         = "PT15M"
  tags                = var.tags

  criteria {
    metric_namespace = each.value.namespace
    metric_name      = each.value.metric
    aggregation      = each.value.aggregation
    operator         = each.value.operator
    threshold        = each.value.threshold

    dynamic "dimension" {
      for_each = each.value.dimensions
      content {
        name     = dimension.key
        operator = "Include"
        values   = dimension.value
      }
    }
  }

  action {
    action_group_id = var.action_group_id
  }
}

resource "azurerm_monitor_scheduled_query_rules_alert_v2" "this" {
  for_each                = local.log_alerts
  name                    = "${var.name}-${each.key}"
  description             = each.value.why
  resource_group_name     = var.resource_group_name
  location                = var.location
  scopes                  = [var.workspace_id]
  severity                = 2
  evaluation_frequency    = "PT15M"
  window_duration         = each.value.window
  auto_mitigation_enabled = true
  skip_query_validation   = true # The tables appear with the first log line.
  tags                    = var.tags

  criteria {
    query                   = each.value.query
    time_aggregation_method = "Count"
    operator                = "GreaterThan"
    threshold               = each.value.limit
  }

  action {
    action_groups = [var.action_group_id]
  }
}

resource "azurerm_consumption_budget_resource_group" "this" {
  name              = "budget-${var.name}"
  resource_group_id = var.resource_group_id
  amount            = var.budget.amount
  time_grain        = "Monthly"

  time_period {
    start_date = var.budget.start_date
  }

  dynamic "notification" {
    for_each = { half = ["Actual", 50], most = ["Actual", 80], all = ["Actual", 100], soon = ["Forecasted", 110] }
    content {
      enabled        = true
      threshold_type = notification.value[0]
      threshold      = notification.value[1]
      operator       = "GreaterThan"
      contact_groups = [var.action_group_id]
    }
  }
}
