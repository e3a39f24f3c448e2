"""The public door, `/v1`: what programs outside this repository may rely on (surface.md)."""
