"""Addresses made of titles: short, plain, and free."""

from collections.abc import Container

from django.utils.text import slugify


def slug_of(title: str, most: int, otherwise: str) -> str:
    """Make the beginning of an address of a title; elisions part words."""
    plain = title.replace("’", " ").replace("'", " ")
    return slugify(plain)[:most].strip("-") or otherwise


def free_name(base: str, taken: Container[str]) -> str:
    """Give a name that nobody has: the one asked for, else numbered from two."""
    number, name = 1, base
    while name in taken:
        number += 1
        name = f"{base}-{number}"
    return name
