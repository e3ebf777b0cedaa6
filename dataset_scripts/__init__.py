"""What makes a data-set repository: readers, the schema, builders, dictionaries and our own samples."""
