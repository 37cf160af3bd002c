# Resources of one kind in a data factory, as the files of pipelines/adf say.

resource "azapi_resource" "this" {
  for_each  = var.resources
  type      = "Microsoft.DataFactory/factories/${var.kind}@2018-06-01"
  parent_id = var.factory_id
  name      = each.key
  body      = { properties = each.value }

  # tests/pipelines_adf checks the files against the management SDK, deeper than the provider does.
  schema_validation_enabled = false
  response_export_values    = []
}
