"""
The order as a pure state machine.

`decide` says what happened, `evolve` applies it, `effects_of` says what must follow. Rules of this package:

1. No I/O, no clock, no randomness: whoever calls passes `now` and fresh identifiers in.
2. Whatever can change the state of an order is in `transitions.evolve`; whatever may refuse is in `decide`.
3. Money is never refused: what reports money always leads to a state or a finding that shows it.
4. Status is a function of the parts (`status.status_of`), never a field that somebody sets.
"""
