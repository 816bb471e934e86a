"""Read prediction files and score them: plain Python, NumPy, polars, pyarrow, no Django."""
