"""Nomenclatures that an operator loads: nothing of them comes with the portal."""

from django.db import models


class RomeTitle(models.Model):
    """A job of the ROME and its title, so that the search proposes it by its first letters."""

    code = models.CharField(primary_key=True, max_length=5)
    title = models.CharField(max_length=200)
    folded = models.CharField(max_length=220)  # words of the title, each after a space

    def __str__(self) -> str:
        return f"{self.code} {self.title}"
