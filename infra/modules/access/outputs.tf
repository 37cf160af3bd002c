output "principals" {
  description = "Object ids by name, as they were given."
  value       = var.principals
}
