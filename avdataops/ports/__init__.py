"""Every seam of the product: Protocols and plug-in records, one small file each."""
