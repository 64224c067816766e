"""One importer per public source. A file that does not start with `_` is an importer and exposes SOURCE."""
