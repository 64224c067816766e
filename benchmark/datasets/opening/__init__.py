"""What every opened data set shares: splits, roots on this machine, licences, taxonomy, checks."""
