"""Records on disk: strict JSON, atomic store, migrations, queries, collect."""
