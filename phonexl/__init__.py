"""What runs on your machine: training, evaluation and the command line."""

import os

# Read when torch starts its threads. Threads that spin while they wait lose the processor to whatever else runs, and on
# a busy machine a training step takes many times as long.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
