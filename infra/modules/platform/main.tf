# The whole platform of one environment.  What the pipeline needs is read from where the pipeline
# keeps it: kinds and topic classes, the catalog's containers, the pool, Data Factory's resources.

locals {
  repository     = "${path.module}/../../.."
  schemas_path   = "${local.repository}/schemas"
  pipelines_path = "${local.repository}/pipelines"

  name   = "${var.name_prefix}-${var.environment}"
  suffix = substr(sha256("${var.subscription_id}/${var.environment}"), 0, 4)
  flat   = "${var.name_prefix}${var.environment}" # for services that allow no dash
  tags   = merge(var.tags, { product = "avdataops", environment = var.environment, managed_by = "terraform" })

  # Containers: one per kind (and per topic class in raw) where the first part of a key is the
  # container, else the single container `drives`.  An underscore is no letter of a container's name.
  kinds         = [for file in fileset("${local.schemas_path}/tables", "*.json") : jsondecode(file("${local.schemas_path}/tables/${file}"))]
  topic_classes = jsondecode(file("${local.schemas_path}/topic_classes.json")).classes
  by_kind = {
    for zone in ["raw", "derived", "labeled"] : zone => toset([
      for name in concat(
        [for kind in local.kinds : kind.container if kind.zone == zone && kind.container != "*"],
        anytrue([for kind in local.kinds : kind.zone == zone && kind.container == "*"]) ? local.topic_classes : [],
        zone == "derived" ? ["logs", "runs"] : [], # task logs; task specifications and run records
      ) : replace(name, "_", "-")
    ])
  }
  containers = merge(local.by_kind, {
    landing    = toset(["drives"])
    quarantine = toset(["drives"])
    archive    = toset(["drives"])
    operations = toset(["adfjobs", "packages"])
  })

  # Engines that list folders (Spark, Databricks) read these three.  The others want versions, which
  # flat accounts alone have, and one event per upload (docs/decisions/0015-infrastructure.md).
  hierarchical = toset(["raw", "derived", "labeled"])

  rules = {
    landing    = {}
    raw        = { cool_after_days = var.days.raw_cool, cold_after_days = var.days.raw_cold }
    derived    = { cool_after_days = var.days.derived_cool }
    labeled    = { cool_after_days = var.days.labeled_cool }
    archive    = { archive_after_days = var.days.archive }
    quarantine = { cool_after_days = 30, delete_after_days = var.days.quarantine_delete }
    operations = { delete_after_days = var.days.operations_delete }
  }
  # Packages are what nodes start from; they stay.
  rule_prefixes = { operations = toset(["adfjobs/"]) }
}

resource "azurerm_resource_group" "this" {
  name     = "rg-${local.name}"
  location = var.location
  tags     = local.tags
}

resource "azurerm_user_assigned_identity" "this" {
  for_each            = toset(["orchestrator", "execution", "factory", "api"])
  name                = "id-${local.name}-${each.key}"
  resource_group_name = azurerm_resource_group.this.name
  location            = var.location
  tags                = local.tags
}

module "network" {
  source              = "../network"
  name                = local.name
  resource_group_name = azurerm_resource_group.this.name
  location            = var.location
  address_space       = var.address_space
  zone_redundant      = var.zone_redundant
  tags                = local.tags
}

locals {
  place = {
    resource_group_name = azurerm_resource_group.this.name
    location            = var.location
    subnet_id           = module.network.subnet_ids["endpoints"]
    tags                = local.tags
  }
}

module "keys" {
  source      = "../keys"
  name        = local.name
  vault_name  = "kv-${local.name}-${local.suffix}"
  tenant_id   = var.tenant_id
  grants      = { for name, grant in local.grants : name => grant if grant.who == "encryption" }
  dns_zone_id = module.network.dns_zone_ids["vault"]
  place       = local.place
}

module "storage" {
  source           = "../storage"
  for_each         = local.containers
  account_name     = "${local.flat}${each.key}${local.suffix}"
  zone             = each.key
  replication      = var.storage_replication[each.key]
  hierarchical     = contains(local.hierarchical, each.key)
  containers       = each.value
  rules            = local.rules[each.key]
  rule_prefixes    = lookup(local.rule_prefixes, each.key, toset([]))
  version_days     = var.days.previous_versions
  soft_delete_days = var.days.soft_delete
  encryption       = module.keys.encryption
  dns_zone_ids     = module.network.dns_zone_ids
  place            = local.place
}

module "catalog" {
  source          = "../catalog"
  account_name    = "cosmos-${local.name}-${local.suffix}"
  database        = var.catalog_database
  schemas_path    = local.schemas_path
  max_throughput  = var.catalog_max_throughput
  backup_tier     = var.catalog_backup_tier
  zone_redundant  = var.zone_redundant
  paired_location = var.paired_location
  encryption      = module.keys.encryption
  dns_zone_id     = module.network.dns_zone_ids["cosmos"]
  place           = local.place
}

module "registry" {
  source          = "../registry"
  registry_name   = "${local.flat}registry${local.suffix}"
  zone_redundant  = var.zone_redundant
  paired_location = var.paired_location
  untagged_days   = var.days.untagged_image
  dns_zone_id     = module.network.dns_zone_ids["registry"]
  place           = local.place
}

module "batch" {
  source                   = "../batch"
  account_name             = "${local.flat}batch${local.suffix}"
  pipelines_path           = local.pipelines_path
  max_nodes                = var.execution_max_nodes
  orchestrator             = var.orchestrator
  image                    = var.image
  identities               = azurerm_user_assigned_identity.this
  registry_login_server    = module.registry.login_server
  operations_account_id    = module.storage["operations"].id
  operations_blob_endpoint = module.storage["operations"].blob_endpoint
  raw_account_name         = module.storage["raw"].name
  subnet_ids               = module.network.subnet_ids
  allowed_ip_ranges        = var.batch_allowed_ip_ranges
  zone_redundant           = var.zone_redundant
  dns_zone_id              = module.network.dns_zone_ids["batch"]
  place                    = local.place

  # Nodes pull images and packages while the pool is made.
  depends_on = [module.access]
}

locals {
  settings = {
    storage         = { for zone in ["landing", "raw", "derived", "labeled", "archive", "quarantine"] : zone => module.storage[zone].blob_endpoint }
    batch_endpoint  = module.batch.endpoint
    batch_pool      = module.batch.pools.execution
    cosmos_endpoint = module.catalog.endpoint
    cosmos_database = module.catalog.database
    image           = var.image == null ? "" : var.image
    client_id       = azurerm_user_assigned_identity.this["orchestrator"].client_id
    pool_identity   = azurerm_user_assigned_identity.this["execution"].id
  }
}

# Only once there is an image to run and an app registration whose tokens it takes.
module "api" {
  source                = "../api"
  count                 = var.api == null ? 0 : 1
  name                  = local.name
  image                 = var.api.image
  identity              = azurerm_user_assigned_identity.this["api"]
  registry_login_server = module.registry.login_server
  replicas              = { min = var.api.min_replicas, max = var.api.max_replicas }
  zone_redundant        = var.zone_redundant
  network_id            = module.network.id
  place                 = merge(local.place, { subnet_id = module.network.subnet_ids["api"] })

  settings = merge(
    { for zone, endpoint in local.settings.storage : "AVDATAOPS_AZURE__STORAGE__${upper(zone)}" => endpoint },
    {
      AVDATAOPS_API__TENANT            = var.tenant_id
      AVDATAOPS_API__AUDIENCE          = var.api.audience
      AVDATAOPS_AZURE__CLIENT_ID       = azurerm_user_assigned_identity.this["api"].client_id
      AVDATAOPS_AZURE__COSMOS_ENDPOINT = local.settings.cosmos_endpoint
      AVDATAOPS_AZURE__COSMOS_DATABASE = local.settings.cosmos_database
    },
  )

  # The app pulls its image while it is made.
  depends_on = [module.access]
}

module "factory" {
  source         = "../factory"
  factory_name   = "adf-${local.name}-${local.suffix}"
  pipelines_path = local.pipelines_path
  identity_id    = azurerm_user_assigned_identity.this["factory"].id
  landing_id     = module.storage["landing"].id
  labeled_id     = module.storage["labeled"].id
  parameters = {
    settings         = local.settings
    batchAccount     = module.batch.name
    orchestratorPool = module.batch.pools.orchestrator
    jobsEndpoint     = module.storage["operations"].blob_endpoint
    keyVaultUrl      = trimsuffix(module.keys.vault_uri, "/")
    alertSecret      = var.alert_secret_name
  }
  reaches = {
    landing    = { id = module.storage["landing"].id, subresource = "blob" }
    operations = { id = module.storage["operations"].id, subresource = "blob" }
    vault      = { id = module.keys.vault_id, subresource = "vault" }
    batch      = { id = module.batch.id, subresource = "batchAccount" }
  }
  triggers_started = var.triggers_started && var.image != null
  dns_zone_id      = module.network.dns_zone_ids["factory"]
  place            = local.place
}
