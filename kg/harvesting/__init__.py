"""Fetching from partners: where from, how often, what came of it, and what it brought."""
