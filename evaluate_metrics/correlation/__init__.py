"""Rank correlation of points that come in clusters: pooled, within the clusters, and what the clusters alone give."""
