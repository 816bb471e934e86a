"""Plain engines: values in, values out; NumPy alone, no Django."""
