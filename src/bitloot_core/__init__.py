"""Orders, payments, purchases and keys as plain values and functions: the domain of BitLoot."""
