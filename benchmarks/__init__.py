"""What is timed, and against whom: `python -m benchmarks.speed` and `python -m benchmarks.referees`."""
