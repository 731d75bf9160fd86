"""Documents as columns with lazy views."""
