"""Training on the HF Trainer: recipes, collator, trainer and runs."""
