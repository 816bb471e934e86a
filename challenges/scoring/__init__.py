"""Read prediction files and score them: plain Python, NumPy, pyarrow, no Django."""
