<<<<<<< HEAD
"""Portable forms of a challenge."""
=======
"""Read and write challenge folders: values in, values and a report out."""
>>>>>>> 1f7e97c (Seal held-out files and read the portable challenge form)
