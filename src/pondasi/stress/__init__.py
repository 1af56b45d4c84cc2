"""What breaks the chain, how deep, for how long? (MODEL page, section 3)."""
