"""UC6: an employee in post looks for paths to other occupations, and for who may fund them."""
