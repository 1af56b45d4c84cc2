"""Charts: a table goes in, a picture comes out; nothing is computed here but positions."""
