"""The zero-shot ledger: how much of a test a method may have seen in training, as far as it declares its data."""
