output "encryption" {
  description = "Address of the key without its version (so that rotation is followed), and the identity that may use it; known after the role is given."
  value = {
    key_id      = "${azurerm_key_vault.this.vault_uri}keys/${azapi_resource.key.name}"
    identity_id = azurerm_user_assigned_identity.encryption.id
  }
  depends_on = [azurerm_role_assignment.encryption]
}

output "vault_id" {
  description = "Resource id of the vault."
  value       = azurerm_key_vault.this.id
}

output "vault_uri" {
  description = "HTTPS address of the vault, with a slash at its end."
  value       = azurerm_key_vault.this.vault_uri
}
