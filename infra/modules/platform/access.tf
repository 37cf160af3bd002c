# The access table, and what its words stand for.

locals {
  table = jsondecode(file("${path.module}/../../access.json")).grants
  groups = {
    uploaders = var.groups.uploaders
    readers   = var.groups.readers
    operators = var.groups.operators
  }
  grants = {
    for grant in local.table : "${grant.who} ${grant.role} ${grant.on}" => grant
    if !contains(keys(local.groups), grant.who) || lookup(local.groups, grant.who, null) != null
  }
}

module "access" {
  source = "../access"
  grants = { for name, grant in local.grants : name => grant if grant.who != "encryption" && grant.on != "factory" && grant.on != "batch" }
  principals = merge(
    { for name, identity in azurerm_user_assigned_identity.this : name => identity.principal_id },
    { for name, id in local.groups : name => id if id != null },
  )
  scopes = merge(
    { for zone, account in module.storage : zone => account.id },
    {
      catalog         = module.catalog.id
      insights        = module.observability.insights_id
      registry        = module.registry.id
      resource_group  = azurerm_resource_group.this.id
      "raw/reference" = "${module.storage["raw"].id}/blobServices/default/containers/reference"
      vault           = module.keys.vault_id
    },
    {
      for container in ["deliveries", "label-changes", "label-packages", "labels"] :
      "labeled/${container}" => "${module.storage["labeled"].id}/blobServices/default/containers/${container}"
    },
  )
  resource_group_name  = azurerm_resource_group.this.name
  catalog_account_name = module.catalog.name
  catalog_database     = module.catalog.database
}

# Rights on what needs the rights above before it can be made.
module "access_to_services" {
  source     = "../access"
  grants     = { for name, grant in local.grants : name => grant if contains(["factory", "batch"], grant.on) }
  principals = module.access.principals
  scopes = {
    batch   = module.batch.id
    factory = module.factory.id
  }
  resource_group_name  = azurerm_resource_group.this.name
  catalog_account_name = module.catalog.name
  catalog_database     = module.catalog.database
}
