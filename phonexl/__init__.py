"""What runs on your machine: training, evaluation and the command line."""
