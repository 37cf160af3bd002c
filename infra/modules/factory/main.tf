# Data Factory and everything in it.  The resources are the files of pipelines/adf; what differs
# between environments (README there) is filled in here.

resource "azurerm_data_factory" "this" {
  name                            = var.factory_name
  resource_group_name             = var.place.resource_group_name
  location                        = var.place.location
  managed_virtual_network_enabled = true
  public_network_enabled          = false
  tags                            = var.place.tags

  identity {
    type         = "UserAssigned"
    identity_ids = [var.identity_id]
  }

  # Made below, from the file that says which there are.
  lifecycle {
    ignore_changes = [global_parameter]
  }
}

module "private_endpoint" {
  source      = "../private_endpoint"
  name        = var.factory_name
  target_id   = azurerm_data_factory.this.id
  subresource = "dataFactory"
  dns_zone_id = var.dns_zone_id
  place       = var.place
}

# From the factory's managed network to what it calls.  The owner of each target approves it once
# (docs/azure.md).
resource "azurerm_data_factory_managed_private_endpoint" "this" {
  for_each           = var.reaches
  name               = each.key
  data_factory_id    = azurerm_data_factory.this.id
  target_resource_id = each.value.id
  subresource_name   = each.value.subresource

  # The service fills in the names of the target.
  lifecycle {
    ignore_changes = [fqdns]
  }
}

locals {
  kinds = {
    credential         = "credentials"
    dataset            = "datasets"
    globalParameters   = "globalParameters"
    integrationRuntime = "integrationRuntimes"
    linkedService      = "linkedservices"
    pipeline           = "pipelines"
    trigger            = "triggers"
  }

  files = {
    for folder in keys(local.kinds) : folder => {
      for file in fileset("${var.pipelines_path}/adf/${folder}", "*.json") :
      trimsuffix(file, ".json") => jsondecode(file("${var.pipelines_path}/adf/${folder}/${file}"))
    }
  }

  # A file that names a parameter which is not given here fails the plan.
  global_parameters = {
    for name, file in local.files.globalParameters : name => {
      for parameter, value in file.properties : parameter => {
        type  = value.type
        value = var.parameters[parameter]
      }
    }
  }

  credentials = {
    for name, file in local.files.credential : name => merge(file.properties, {
      typeProperties = merge(file.properties.typeProperties, { resourceId = var.identity_id })
    })
  }

  triggers = {
    for name, file in local.files.trigger : name => merge(file.properties, {
      typeProperties = merge(
        file.properties.typeProperties,
        # Uploads lie in the container `drives` of landing, deliveries in one of labeled.
        {
          for property in ["scope"] : property =>
          startswith(file.properties.typeProperties.blobPathBeginsWith, "/drives/") ? var.landing_id : var.labeled_id
          if file.properties.type == "BlobEventsTrigger"
        },
      )
    })
  }
}

# Who refers to whom among resources of one kind: Data Factory refuses a reference to what is not
# there yet, so they are made in that order.  Encoding again puts the keys of a reference side by side.
locals {
  calls = {
    for kind, reference in { linkedService = "LinkedServiceReference", pipeline = "PipelineReference" } : kind => {
      for name, file in local.files[kind] : name => toset(flatten(
        regexall("\"referenceName\":\"([^\"]+)\",\"type\":\"${reference}\"", jsonencode(file.properties))
      ))
    }
  }

  services_0 = toset([for name, calls in local.calls.linkedService : name if length(calls) == 0])
  services_1 = setsubtract(keys(local.calls.linkedService), local.services_0)

  level_0 = toset([for name, calls in local.calls.pipeline : name if length(calls) == 0])
  upto_1  = setunion(local.level_0, [for name, calls in local.calls.pipeline : name if length(setsubtract(calls, local.level_0)) == 0])
  upto_2  = setunion(local.upto_1, [for name, calls in local.calls.pipeline : name if length(setsubtract(calls, local.upto_1)) == 0])
  upto_3  = setunion(local.upto_2, [for name, calls in local.calls.pipeline : name if length(setsubtract(calls, local.upto_2)) == 0])
  # What calls even deeper is refused by the check below.
  upto_4 = setunion(local.upto_3, [for name, calls in local.calls.pipeline : name if length(setsubtract(calls, local.upto_3)) == 0])
}

module "parameters" {
  source     = "../factory_resources"
  factory_id = azurerm_data_factory.this.id
  kind       = local.kinds.globalParameters
  resources  = local.global_parameters
}

module "runtimes" {
  source     = "../factory_resources"
  factory_id = azurerm_data_factory.this.id
  kind       = local.kinds.integrationRuntime
  resources  = { for name, file in local.files.integrationRuntime : name => file.properties }
}

module "credentials" {
  source     = "../factory_resources"
  factory_id = azurerm_data_factory.this.id
  kind       = local.kinds.credential
  resources  = local.credentials
}

module "services_0" {
  source     = "../factory_resources"
  factory_id = azurerm_data_factory.this.id
  kind       = local.kinds.linkedService
  resources  = { for name in local.services_0 : name => local.files.linkedService[name].properties }
  depends_on = [module.runtimes, module.credentials]
}

module "services_1" {
  source     = "../factory_resources"
  factory_id = azurerm_data_factory.this.id
  kind       = local.kinds.linkedService
  resources  = { for name in local.services_1 : name => local.files.linkedService[name].properties }
  depends_on = [module.services_0]
}

module "datasets" {
  source     = "../factory_resources"
  factory_id = azurerm_data_factory.this.id
  kind       = local.kinds.dataset
  resources  = { for name, file in local.files.dataset : name => file.properties }
  depends_on = [module.services_1]
}

module "pipelines_0" {
  source     = "../factory_resources"
  factory_id = azurerm_data_factory.this.id
  kind       = local.kinds.pipeline
  resources  = { for name in local.level_0 : name => local.files.pipeline[name].properties }
  depends_on = [module.datasets, module.parameters]
}

module "pipelines_1" {
  source     = "../factory_resources"
  factory_id = azurerm_data_factory.this.id
  kind       = local.kinds.pipeline
  resources  = { for name in setsubtract(local.upto_1, local.level_0) : name => local.files.pipeline[name].properties }
  depends_on = [module.pipelines_0]
}

module "pipelines_2" {
  source     = "../factory_resources"
  factory_id = azurerm_data_factory.this.id
  kind       = local.kinds.pipeline
  resources  = { for name in setsubtract(local.upto_2, local.upto_1) : name => local.files.pipeline[name].properties }
  depends_on = [module.pipelines_1]
}

module "pipelines_3" {
  source     = "../factory_resources"
  factory_id = azurerm_data_factory.this.id
  kind       = local.kinds.pipeline
  resources  = { for name in setsubtract(local.upto_3, local.upto_2) : name => local.files.pipeline[name].properties }
  depends_on = [module.pipelines_2]
}

module "pipelines_4" {
  source     = "../factory_resources"
  factory_id = azurerm_data_factory.this.id
  kind       = local.kinds.pipeline
  resources  = { for name in setsubtract(local.upto_4, local.upto_3) : name => local.files.pipeline[name].properties }
  depends_on = [module.pipelines_3]
}

module "triggers" {
  source     = "../factory_resources"
  factory_id = azurerm_data_factory.this.id
  kind       = local.kinds.trigger
  resources  = local.triggers
  depends_on = [module.pipelines_4]
}

# A trigger is made stopped, and cannot be changed while it runs: apply with triggers_started = false
# first when a trigger's file has changed.
resource "azapi_resource_action" "trigger" {
  for_each               = local.triggers
  type                   = "Microsoft.DataFactory/factories/triggers@2018-06-01"
  resource_id            = "${azurerm_data_factory.this.id}/triggers/${each.key}"
  action                 = var.triggers_started ? "start" : "stop"
  response_export_values = []
  depends_on             = [module.triggers]

  lifecycle {
    precondition {
      condition     = length(setsubtract(keys(local.calls.pipeline), local.upto_4)) == 0
      error_message = "Pipelines call each other in a circle or more than five deep: ${join(", ", setsubtract(keys(local.calls.pipeline), local.upto_4))}."
    }
  }
}
