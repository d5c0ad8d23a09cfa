"""A provider's own data → `billing.ImportService`: CSV, XLSX, any SQL database, and a mapping file."""
