"""The doors: how people and programs reach the knowledge graph over HTTP and on the command line."""
