"""How far two sets of output vectors lie apart: optimal transport with an entropy term, convergence checked."""
