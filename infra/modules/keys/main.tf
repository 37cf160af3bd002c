# The key that encrypts storage and catalog.  Nothing else is in the vault: the product has no secrets.

resource "azurerm_user_assigned_identity" "encryption" {
  name                = "id-${var.name}-encryption"
  resource_group_name = var.place.resource_group_name
  location            = var.place.location
  tags                = var.place.tags
}

resource "azurerm_key_vault" "this" {
  name                          = var.vault_name
  resource_group_name           = var.place.resource_group_name
  location                      = var.place.location
  tenant_id                     = var.tenant_id
  sku_name                      = "premium"
  rbac_authorization_enabled    = true
  purge_protection_enabled      = true
  soft_delete_retention_days    = 90
  public_network_access_enabled = false
  tags                          = var.place.tags

  # Storage and Cosmos DB unwrap their keys as trusted services.
  network_acls {
    default_action = "Deny"
    bypass         = "AzureServices"
  }

  lifecycle {
    prevent_destroy = true
  }
}

# Through the management plane, because the vault's own door is closed to whoever runs Terraform.
resource "azapi_resource" "key" {
  type      = "Microsoft.KeyVault/vaults/keys@2023-07-01"
  parent_id = azurerm_key_vault.this.id
  name      = "data"

  body = {
    properties = {
      kty     = "RSA-HSM"
      keySize = 3072
      keyOps  = ["wrapKey", "unwrapKey"]
      rotationPolicy = {
        attributes = {
          expiryTime = "P2Y"
        }
        lifetimeActions = [
          {
            action  = { type = "rotate" }
            trigger = { timeAfterCreate = "P1Y" }
          },
          {
            action  = { type = "notify" }
            trigger = { timeBeforeExpiry = "P60D" }
          },
        ]
      }
    }
  }

  response_export_values = []
}

resource "azurerm_role_assignment" "encryption" {
  for_each             = var.grants
  scope                = azurerm_key_vault.this.id
  role_definition_name = each.value.role
  description          = each.value.why
  principal_id         = azurerm_user_assigned_identity.encryption.principal_id
  principal_type       = "ServicePrincipal"
}

module "private_endpoint" {
  source      = "../private_endpoint"
  name        = var.vault_name
  target_id   = azurerm_key_vault.this.id
  subresource = "vault"
  dns_zone_id = var.dns_zone_id
  place       = var.place
}
