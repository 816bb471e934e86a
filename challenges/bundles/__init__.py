"""Read and write challenge folders: values in, values and a report out."""
