"""The knowledge graph: perspectives, contributions and the connections between them."""
