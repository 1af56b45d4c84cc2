"""Say it: the brief, its charts and its tables. Nothing here computes a result."""
