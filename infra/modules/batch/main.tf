# Batch account with two pools.  The orchestrator pool plans and commits and runs no containers
# (Data Factory cannot start them); the execution pool runs the worker's containers, reads untrusted
# files, and is therefore a security boundary with an identity of its own.  The factory's identity is
# on account and orchestrator pool because custom activities work with no less.

locals {
  pool  = jsondecode(file("${var.pipelines_path}/batch_pool.json"))
  scale = local.pool.scale

  # The numbers of the formula have their names in braces.
  numbers = {
    tasks_per_node = local.scale.tasks_per_node
    max_spot       = var.max_nodes.spot == null ? local.scale.max_spot : var.max_nodes.spot
    max_dedicated  = var.max_nodes.dedicated == null ? local.scale.max_dedicated : var.max_nodes.dedicated
    max_increase   = local.scale.max_increase
  }
  formula = join("\n", [
    for line in local.scale.formula : replace(replace(replace(replace(line,
      "{tasks_per_node}", local.numbers.tasks_per_node),
      "{max_spot}", local.numbers.max_spot),
      "{max_dedicated}", local.numbers.max_dedicated),
    "{max_increase}", local.numbers.max_increase)
  ])
}

resource "azurerm_batch_account" "this" {
  name                                = var.account_name
  resource_group_name                 = var.place.resource_group_name
  location                            = var.place.location
  pool_allocation_mode                = "BatchService"
  allowed_authentication_modes        = ["AAD"]
  public_network_access_enabled       = length(var.allowed_ip_ranges) > 0
  storage_account_id                  = var.operations_account_id
  storage_account_authentication_mode = "BatchAccountManagedIdentity"
  storage_account_node_identity       = var.identities.orchestrator.id
  tags                                = var.place.tags

  identity {
    type         = "UserAssigned"
    identity_ids = [var.identities.orchestrator.id, var.identities.factory.id]
  }

  network_profile {
    account_access {
      default_action = "Deny"

      dynamic "ip_rule" {
        for_each = var.allowed_ip_ranges
        content {
          ip_range = ip_rule.value
          action   = "Allow"
        }
      }
    }

    node_management_access {
      default_action = "Deny"
    }
  }
}

module "private_endpoint" {
  source      = "../private_endpoint"
  for_each    = toset(["batchAccount", "nodeManagement"])
  name        = "${var.account_name}-${each.key}"
  target_id   = azurerm_batch_account.this.id
  subresource = each.key
  dns_zone_id = var.dns_zone_id
  place       = var.place
}

resource "azurerm_batch_pool" "orchestrator" {
  name                           = "orchestrator"
  display_name                   = "Plans, submits, watches and commits for Data Factory"
  resource_group_name            = var.place.resource_group_name
  account_name                   = azurerm_batch_account.this.name
  vm_size                        = var.orchestrator.vm_size
  node_agent_sku_id              = "batch.node.ubuntu 24.04"
  max_tasks_per_node             = var.orchestrator.slots_per_node
  inter_node_communication       = "Disabled"
  target_node_communication_mode = "Simplified"

  storage_image_reference {
    publisher = "canonical"
    offer     = "ubuntu-24_04-lts"
    sku       = "server"
    version   = "latest"
  }

  # Orchestrators mostly wait; a fixed number answers at once and survives the loss of a node.
  fixed_scale {
    node_deallocation_method = "TaskCompletion"
    resize_timeout           = "PT15M"
    target_dedicated_nodes   = var.orchestrator.nodes
  }

  identity {
    type         = "UserAssigned"
    identity_ids = [var.identities.orchestrator.id, var.identities.factory.id]
  }

  network_configuration {
    subnet_id                        = var.subnet_ids["orchestrator"]
    public_address_provisioning_type = "NoPublicIPAddresses"
  }

  node_placement {
    policy = var.zone_redundant ? "Zonal" : "Regional"
  }

  task_scheduling_policy {
    node_fill_type = "Spread"
  }

  # Data Factory's custom activity says `python -m batch_tasks.orchestrate` and nothing about where
  # that is, so the start task makes it known to the whole node.
  start_task {
    command_line       = "/bin/bash -c \"echo ${filebase64("${path.module}/orchestrator_start.sh")} | base64 -d | bash -s -- packages/${var.orchestrator.package}\""
    task_retry_maximum = 3
    wait_for_success   = true

    resource_file {
      storage_container_url     = "${var.operations_blob_endpoint}packages"
      blob_prefix               = "${var.orchestrator.package}/"
      file_path                 = "packages"
      user_assigned_identity_id = var.identities.orchestrator.id
    }

    user_identity {
      auto_user {
        elevation_level = "Admin"
        scope           = "Pool"
      }
    }
  }
}

resource "azurerm_batch_pool" "execution" {
  name                           = local.pool.id
  display_name                   = "Runs the worker's containers"
  resource_group_name            = var.place.resource_group_name
  account_name                   = azurerm_batch_account.this.name
  vm_size                        = local.pool.vm_size
  node_agent_sku_id              = local.pool.image.node_agent
  max_tasks_per_node             = local.pool.slots_per_node
  inter_node_communication       = "Disabled"
  target_node_communication_mode = title(local.pool.node_communication)

  storage_image_reference {
    publisher = local.pool.image.publisher
    offer     = local.pool.image.offer
    sku       = local.pool.image.sku
    version   = local.pool.image.version
  }

  auto_scale {
    evaluation_interval = "PT${local.scale.interval_min}M"
    formula             = local.formula
  }

  container_configuration {
    type                  = "DockerCompatible"
    container_image_names = var.image == null ? [] : [var.image]

    container_registries {
      registry_server           = var.registry_login_server
      user_assigned_identity_id = var.identities.execution.id
    }
  }

  identity {
    type         = "UserAssigned"
    identity_ids = [var.identities.execution.id]
  }

  network_configuration {
    subnet_id                        = var.subnet_ids["execution"]
    public_address_provisioning_type = "NoPublicIPAddresses"
    accelerated_networking_enabled   = true
  }

  node_placement {
    policy = "Regional"
  }

  task_scheduling_policy {
    node_fill_type = "Pack"
  }

  dynamic "mount" {
    for_each = toset(local.pool.mounts)
    content {
      azure_blob_file_system {
        account_name        = var.raw_account_name
        container_name      = mount.value
        relative_mount_path = mount.value
        identity_id         = var.identities.execution.id
        blobfuse_options    = local.pool.mount_options
      }
    }
  }

  start_task {
    command_line       = "/bin/bash -c \"echo ${filebase64("${var.pipelines_path}/batch_start_task.sh")} | base64 -d | bash\""
    task_retry_maximum = 3
    wait_for_success   = true

    user_identity {
      auto_user {
        elevation_level = "Admin"
        scope           = "Pool"
      }
    }
  }
}
