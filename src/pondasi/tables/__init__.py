"""Read, check and write tables against their dictionary, as CSV, Parquet or one Excel workbook."""
