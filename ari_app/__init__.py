"""The running program: speaks ARI, wires all parts, and is the only package that knows all."""
