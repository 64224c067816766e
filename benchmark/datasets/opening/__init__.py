"""What data sets share when they are opened: splits, root folders, licences, taxonomy, checks."""
