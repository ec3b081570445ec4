"""Mutation testing of the arithmetic by cosmic-ray: `make mutants`."""
