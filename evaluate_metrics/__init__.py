"""What a metric Space holds: one folder per metric, each with a core that imports without `evaluate`."""
