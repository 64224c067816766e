"""The files that `bench new` writes; `@name@` and `@package@` are replaced."""
