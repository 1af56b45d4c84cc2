"""The chip chain as tables: load, check, sample, and turn shares into flows."""
