"""Documents generated from the contracts, so that they cannot drift: the catalogue, AsyncAPI, the samples."""
