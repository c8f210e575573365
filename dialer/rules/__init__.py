"""Pure, synchronous decisions: the same facts and the same `now` give the same answer."""
