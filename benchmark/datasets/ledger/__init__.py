"""The zero-shot ledger: which classes and images of a test a method saw in training, as far as it declares its data."""
