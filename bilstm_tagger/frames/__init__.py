"""Tagged documents as columns of other libraries: Arrow, pandas, polars, `datasets`."""
