"""Many runs with one report: maps in turn, or one map with varied settings, here or on other machines."""
