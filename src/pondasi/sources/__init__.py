"""What does the world publish? Sets of data that are fetched once, under their own licence, never during a run."""
