# The Metadata API and its pages on Container Apps.  The environment has an address inside of the
# network only; TLS ends at its ingress, and the app itself checks every token of Entra ID.

resource "azurerm_container_app_environment" "this" {
  name                           = "cae-${var.name}"
  resource_group_name            = var.place.resource_group_name
  location                       = var.place.location
  infrastructure_subnet_id       = var.place.subnet_id
  internal_load_balancer_enabled = true
  public_network_access          = "Disabled"
  zone_redundancy_enabled        = var.zone_redundant
  logs_destination               = "azure-monitor"
  tags                           = var.place.tags

  # Only environments with workload profiles may be internal behind a small subnet.
  workload_profile {
    name                  = "Consumption"
    workload_profile_type = "Consumption"
  }

  # The service names a resource group of its own for its load balancer.
  lifecycle {
    ignore_changes = [infrastructure_resource_group_name]
  }
}

resource "azurerm_container_app" "this" {
  name                         = "ca-${var.name}-api"
  resource_group_name          = var.place.resource_group_name
  container_app_environment_id = azurerm_container_app_environment.this.id
  revision_mode                = "Single"
  workload_profile_name        = "Consumption"
  tags                         = var.place.tags

  identity {
    type         = "UserAssigned"
    identity_ids = [var.identity.id]
  }

  registry {
    server   = var.registry_login_server
    identity = var.identity.id
  }

  ingress {
    # Outside of the environment, which itself is inside of the network.
    external_enabled           = true
    allow_insecure_connections = false
    target_port                = 8787
    transport                  = "http"

    traffic_weight {
      latest_revision = true
      percentage      = 100
    }
  }

  template {
    min_replicas = var.replicas.min
    max_replicas = var.replicas.max
    # As long as the server gives requests that have begun, and a little more.
    termination_grace_period_seconds = 15

    container {
      name   = "api"
      image  = var.image
      cpu    = 1
      memory = "2Gi"

      dynamic "env" {
        for_each = var.settings
        content {
          name  = env.key
          value = env.value
        }
      }

      # The image's own health check is not read by this service.
      startup_probe {
        transport               = "HTTP"
        port                    = 8787
        path                    = "/healthz"
        interval_seconds        = 3
        failure_count_threshold = 20
      }

      liveness_probe {
        transport        = "HTTP"
        port             = 8787
        path             = "/healthz"
        interval_seconds = 30
        timeout          = 5
      }

      readiness_probe {
        transport        = "HTTP"
        port             = 8787
        path             = "/healthz"
        interval_seconds = 10
        timeout          = 5
      }
    }

    http_scale_rule {
      name                = "requests"
      concurrent_requests = "40"
    }
  }
}

# Clients of the network find it by the name that its certificate has.
resource "azurerm_private_dns_zone" "this" {
  name                = azurerm_container_app_environment.this.default_domain
  resource_group_name = var.place.resource_group_name
  tags                = var.place.tags
}

resource "azurerm_private_dns_zone_virtual_network_link" "this" {
  name                  = "link-${var.name}"
  resource_group_name   = var.place.resource_group_name
  private_dns_zone_name = azurerm_private_dns_zone.this.name
  virtual_network_id    = var.network_id
  tags                  = var.place.tags
}

resource "azurerm_private_dns_a_record" "this" {
  name                = "*"
  zone_name           = azurerm_private_dns_zone.this.name
  resource_group_name = var.place.resource_group_name
  ttl                 = 300
  records             = [azurerm_container_app_environment.this.static_ip_address]
  tags                = var.place.tags
}
