"""Read the challenges of other platforms: values in, values and a whole report out."""
