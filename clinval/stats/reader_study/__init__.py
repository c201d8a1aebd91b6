"""Studies in which several readers read the cases: estimates, covariances and the reader model."""
