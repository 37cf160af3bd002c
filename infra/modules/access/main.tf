# Role assignments: one row of infra/access.json each, with its reason as description.

resource "azurerm_role_assignment" "this" {
  for_each             = { for name, grant in var.grants : name => grant if grant.on != "catalog" }
  scope                = var.scopes[each.value.on]
  role_definition_name = each.value.role
  principal_id         = var.principals[each.value.who]
  description          = each.value.why
}

locals {
  # Roles that Cosmos DB brings itself; they are about items, not about the account.
  catalog_roles = {
    "Cosmos DB Built-in Data Reader"      = "00000000-0000-0000-0000-000000000001"
    "Cosmos DB Built-in Data Contributor" = "00000000-0000-0000-0000-000000000002"
  }
}

resource "azurerm_cosmosdb_sql_role_assignment" "this" {
  for_each            = { for name, grant in var.grants : name => grant if grant.on == "catalog" }
  resource_group_name = var.resource_group_name
  account_name        = var.catalog_account_name
  role_definition_id  = "${var.scopes["catalog"]}/sqlRoleDefinitions/${local.catalog_roles[each.value.role]}"
  scope               = "${var.scopes["catalog"]}/dbs/${var.catalog_database}"
  principal_id        = var.principals[each.value.who]
}
