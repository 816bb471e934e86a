"""No start on unsafe values: each has an identifier and a French sentence."""
