"""Shocks on an inter-industry table: stocks pooled by sector, orders that lapse (MODEL page, section 3a, ARIO)."""
