"""The ops, one file per family; importing this package registers all of them in `OPS`."""
