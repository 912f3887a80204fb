"""
What a user tests with: fakes of every port, builders of values, a clock to turn by hand, and the contract suites.

`contracts` needs pytest (`pip install bitloot[testing]`); nothing else here does.
"""
