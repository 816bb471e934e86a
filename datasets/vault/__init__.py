<<<<<<< HEAD
"""Seal and open held-out bytes."""
=======
"""Seal held-out files for the scoring worker; only `datasets.gate` comes here."""
>>>>>>> 1f7e97c (Seal held-out files and read the portable challenge form)
